"""Request limits per key: the generic cell rate algorithm, exact, one number per key, no timers."""

from __future__ import annotations

import math

from antiphon.accounts.keys import Key
from antiphon.errors import RateLimited

WINDOW_S = 60.0


class RequestLimits:
    """Admits at most `requests_per_minute` of a key at once, then one each time a slot has been earned back."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}

    def take(self, key: Key, now_s: float) -> None:
        """Count one request at monotonic time `now_s`; RateLimited, with the wait, when the key has none left."""
        if not key.requests_per_minute:
            return
        interval_s = WINDOW_S / key.requests_per_minute
        earliest = max(self._next.get(key.name, 0.0), now_s)
        wait_s = earliest + interval_s - WINDOW_S - now_s
        if wait_s > 1e-9:
            message = f"This key allows {key.requests_per_minute} requests per minute."
            raise RateLimited(message, retry_after_s=max(1, math.ceil(wait_s)))
        self._next[key.name] = earliest + interval_s
