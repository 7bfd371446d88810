"""Request limits per key: the generic cell rate algorithm, exact, one number per key, no timers."""

from __future__ import annotations

from antiphon.errors import RateLimited
from antiphon.key import Key

WINDOW_NS = 60 * 10**9  # whole nanoseconds: floats of a long uptime would round a request away
SECOND_NS = 10**9


class RequestLimits:
    """Admits at most `requests_per_minute` of a key at once, then one each time a slot has been earned back."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def take(self, key: Key, now_s: float) -> None:
        """Count one request at monotonic time `now_s`; RateLimited, with the wait, when the key has none left."""
        if not key.requests_per_minute:
            return
        now = round(now_s * SECOND_NS)
        interval = WINDOW_NS // key.requests_per_minute
        earliest = max(self._next.get(key.name, 0), now)
        wait = earliest + interval - WINDOW_NS - now
        if wait > 0:
            message = f"This key allows {key.requests_per_minute} requests per minute."
            raise RateLimited(message, retry_after_s=-(-wait // SECOND_NS))
        self._next[key.name] = earliest + interval
