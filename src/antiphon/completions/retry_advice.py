"""Whether clients whose request engines have failed are to come again by themselves, and when.

SDKs send a request up to twice more, half a second and a second later, all of them: while engines fail that is three
times the load. They obey what they are told instead. So as many are let come again as are a tenth of the new requests
of the last seconds, after as long as the trouble has lasted so far, spread over as long again. The others are told not
to. Trouble that is short is hardly noticed then, and trouble that lasts is not made worse.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from antiphon.errors import AntiphonError, EngineFailed, Saturated, Unavailable
from antiphon.models.placement import Placement
from antiphon.models.retry_after import retry_after_s

SHARE = 0.1  # of new requests, that may be sent again
FLOOR = 10  # so many may be, however few are new
MEMORY_S = 10.0  # after so long a request counts for a third of what it did
TROUBLES_MAX = 10_000  # models that fail at once


class RetryAdvice:
    """Looks at what has come and failed when something is refused, and at no other time.

    `now` is the event loop's time.
    """

    def __init__(self, placement: Placement, now: Callable[[], float]) -> None:
        self._placement = placement
        self._now = now
        self._new = 0.0  # requests, of which what is past matters less and less
        self._promised = 0.0
        self._asks = 0
        self._at = now()
        self._refused = 0

    def refuse(self, model: str, error: AntiphonError) -> None:
        """Tell in the error when to come again, or not to, where an engine's failure is what it is about."""
        if not isinstance(error, EngineFailed | Unavailable) or isinstance(error, Saturated):
            return
        now, silent_since = self._now(), self._placement.silent_since
        self._look(now)
        if len(silent_since) >= TROUBLES_MAX:
            silent_since.clear()
        lasted_s = now - silent_since.setdefault(model, now)
        self._refused += 1
        error.retry_after_s = max(error.retry_after_s or 1, retry_after_s(lasted_s, self._refused))
        full = self._promised + 1 > max(FLOOR, SHARE * self._new)
        error.retryable = False if full else None  # some errors are told to several requests
        self._promised += not full

    def _look(self, now: float) -> None:
        """Take in what has come since the last look, as evenly as nobody knows better."""
        passed, asks = (now - self._at) / MEMORY_S, self._placement.asks
        kept = math.exp(-passed)
        evenly = (1 - kept) / passed if passed else 1.0
        self._new = self._new * kept + (asks - self._asks) * evenly
        self._promised *= kept
        self._asks, self._at = asks, now
