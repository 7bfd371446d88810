"""One row of the table of commands. Values only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """Its words, the function behind it (`module:name`), help and examples."""

    words: tuple[str, ...]
    target: str
    help: str
    examples: tuple[str, ...] = ()
