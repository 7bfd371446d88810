"""What is due when in one choice: the first token, the next one, a heartbeat, and the end of all."""

from __future__ import annotations

import asyncio
import math

from antiphon.completions.hedge import Late
from antiphon.completions.plan import Bounds, Plan
from antiphon.completions.seam import Silent
from antiphon.errors import DeadlineExceeded, FirstTokenTimeout


class Dues:
    """All by the event loop's time. Where another engine could go on, a silence is over after `stall_s` already."""

    __slots__ = ("_first_s", "_loop", "_silence_at", "_silence_s", "beat", "end", "first", "heartbeat_s", "stall_s",
                 "token")  # fmt: skip

    def __init__(self, plan: Plan, bounds: Bounds) -> None:
        self._loop = asyncio.get_running_loop()
        self._first_s = plan.first_token_at - plan.begun_at
        self.heartbeat_s = bounds.heartbeat_s
        self._silence_s = bounds.inter_token_s
        self._silence_at = math.inf  # when a stall is a failure, though no other engine could go on
        self.stall_s = min(bounds.stall_s, bounds.inter_token_s) if bounds.continuations_max else bounds.inter_token_s
        self.end = plan.total_at
        self.first = self.token = plan.first_token_at
        self.beat = 0.0

    @property
    def next(self) -> float:
        """When something is due, whatever it is."""
        return min(self.beat, self.token, self.end)

    def anew(self) -> None:
        """The first token has as long as it had at the beginning."""
        self.first = self._loop.time() + self._first_s

    def beat_after(self, now: float) -> None:
        """The client has just been told something."""
        self.beat = now + self.heartbeat_s

    def stalls_after(self, now: float) -> None:
        """The engine has just said something."""
        self.token = now + self.stall_s

    def look_again(self, within_s: float) -> None:
        """Whether the first token has come is asked again soon."""
        self.token = min(self.first, self._loop.time() + within_s)

    def wait_on(self) -> bool:
        """Give a silent engine the time it has where no other one goes on; False if it had that."""
        if self.token == self._silence_at or self.stall_s >= self._silence_s:
            return False
        self._silence_at = self.token = self.token + self._silence_s - self.stall_s
        return True

    def check(self, *, begun: bool, served: bool) -> float:
        """The time now; raises when it is up. `served`: an engine is at work, so that it is its silence."""
        now = self._loop.time()
        if now >= self.end:
            raise DeadlineExceeded
        if now >= self.token:
            if not begun:
                raise Late if now < self.first else FirstTokenTimeout
            if served:
                raise Silent
        return now
