"""What is asked of a server: one promise of the published APIs, and how it ended. Values only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from msgspec import Struct

from antiphon.conformance.server import DoorName, Server
from antiphon.conformance.verdict import Verdict

Doors = Literal["v1", "nugen", "adaptive", "all"]


class Check(Struct, frozen=True):
    """One check. `run` returns where the promise is kept; its docstring says what is promised.

    `source` names whose published API promises it, `Antiphon` where it is this gateway's own page. What is not
    `mandatory` depends on the model, or is more than any API asks. A `slow` check takes longer than people wait.
    """

    area: str
    run: Callable[[Server], Awaitable[None]]
    source: str
    door: DoorName = "v1"
    mandatory: bool = True
    slow: bool = False

    @property
    def id(self) -> str:
        """Its name: the area's and its own."""
        return f"{self.area}.{getattr(self.run, '__name__', '')}"

    @property
    def what(self) -> str:
        """What is promised, in words."""
        return (self.run.__doc__ or "").partition("\n")[0]


class Outcome(Struct, frozen=True):
    """How a check ended; `reason` is a sentence where it did not pass."""

    check: Check
    verdict: Verdict
    reason: str
    took_s: float

    @property
    def needed(self) -> bool:
        """Whether it stands against the server: a mandatory check that did not pass."""
        return self.check.mandatory and self.verdict != "pass"
