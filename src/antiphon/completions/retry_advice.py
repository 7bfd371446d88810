"""Whether clients whose request engines have failed are to come again by themselves, and when. Pure but for the time.

SDKs send a request up to twice more, half a second and a second later, all of them: while engines fail that is three
times the load. They obey what they are told instead. So as many are let come again as are a tenth of the new requests
of the last seconds, after as long as the trouble has lasted so far, spread over as long again. The others are told not
to. Trouble that is short is hardly noticed then, and trouble that lasts is not made worse.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from antiphon.errors import AntiphonError, EngineFailed, Saturated, Unavailable
from antiphon.models.retry_after import retry_after_s

SHARE = 0.1  # of new requests, that may be sent again
FLOOR = 10  # so many may be, however few are new
MEMORY_S = 10.0  # after so long a request counts for a third of what it did
TROUBLES_MAX = 10_000  # models that fail at once


class RetryAdvice:
    """Counts what comes and what fails, of one gateway; `now` is the event loop's time."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._asked = _Recent()
        self._promised = _Recent()
        self._since: dict[str, float] = {}  # since when a model has answered nobody
        self._refused = 0

    def asked(self, *, again: bool) -> None:
        """A request comes, for the first time or once more."""
        if not again:
            self._asked.add(self._now())

    def served(self, model: str) -> None:
        """A model has answered somebody."""
        if self._since:
            self._since.pop(model, None)

    def refuse(self, model: str, error: AntiphonError) -> None:
        """Tell in the error when to come again, or not to, where an engine's failure is what it is about."""
        if not isinstance(error, EngineFailed | Unavailable) or isinstance(error, Saturated):
            return
        now = self._now()
        if len(self._since) >= TROUBLES_MAX:
            self._since.clear()
        lasted_s = now - self._since.setdefault(model, now)
        self._refused += 1
        error.retry_after_s = max(error.retry_after_s or 1, retry_after_s(lasted_s, self._refused))
        full = self._promised.at(now) + 1 > max(FLOOR, SHARE * self._asked.at(now))
        error.retryable = False if full else None  # some errors are told to several requests
        if not full:
            self._promised.add(now)


class _Recent:
    """A count in which what is past matters less and less."""

    def __init__(self) -> None:
        self._count = 0.0
        self._at = 0.0

    def at(self, now: float) -> float:
        """What is left of it by then."""
        return self._count * math.exp((self._at - now) / MEMORY_S)

    def add(self, now: float) -> None:
        """One more."""
        self._count = self.at(now) + 1
        self._at = now
