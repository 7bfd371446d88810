"""A timer wheel: timers that nearly always are cancelled, at half the cost of the event loop's own.

Each request sets a few (its deadline, its heartbeat, the connection's keep-alive) and cancels them all. A timer rings
at the first tick after its time, so up to `TICK_S` late. The wheel turns only while there are timers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

TICK_S = 0.02


class Timer:
    """A set timer."""

    __slots__ = ("_bucket", "callback")

    def __init__(self, bucket: set[Timer], callback: Callable[[], object]) -> None:
        self._bucket = bucket
        self.callback = callback
        bucket.add(self)

    def cancel(self) -> None:
        """Do not ring; nothing happens if it has rung."""
        self._bucket.discard(self)


class TimerWheel:
    """All timers of one event loop, in buckets of one tick."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tick_s: float = TICK_S) -> None:
        self._loop = loop
        self._tick_s = tick_s
        self._buckets: dict[int, set[Timer]] = {}
        self._due = 0  # the first tick that has not been looked at
        self._turning = False

    def at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` once the event loop's time has reached `when`."""
        if not self._turning:
            self._turn()
        tick = max(int(when / self._tick_s) + 1, self._due)
        bucket = self._buckets.get(tick)
        if bucket is None:
            bucket = self._buckets[tick] = set()
        return Timer(bucket, callback)

    def after(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` in `delay_s` seconds."""
        return self.at(self._loop.time() + delay_s, callback)

    def _turn(self) -> None:
        self._turning = True
        self._due = int(self._loop.time() / self._tick_s) + 1
        self._loop.call_later(self._tick_s, self._tick)

    def _tick(self) -> None:
        """Ring what is due; stop turning when nothing is left. A callback that raises does not stop the wheel."""
        try:
            self._ring_due()
        finally:
            if self._buckets:
                self._loop.call_later(self._tick_s, self._tick)
            else:
                self._turning = False

    def _ring_due(self) -> None:
        now = int(self._loop.time() / self._tick_s)
        while self._due <= now:
            bucket = self._buckets.get(self._due)
            while bucket:
                bucket.pop().callback()
            self._buckets.pop(self._due, None)
            self._due += 1
