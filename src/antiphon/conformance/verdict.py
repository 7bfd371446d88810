"""How a check ends: it passes, or raises one of these with a sentence that says why it does not."""

from __future__ import annotations

from typing import Literal

Verdict = Literal["pass", "fail", "lacks", "error"]


class Failed(Exception):
    """The server does this otherwise than documented."""


class Lacking(Exception):
    """The server does not do this."""


class Hindered(Exception):
    """The check could not be made, so nothing is known of what it asks."""


def expect(holds: bool, otherwise: str) -> None:
    """Go on if it holds, else Failed with the sentence."""
    if not holds:
        raise Failed(otherwise)


def offered(holds: bool, otherwise: str) -> None:
    """Go on if the server has it, else Lacking with the sentence."""
    if not holds:
        raise Lacking(otherwise)
