"""A timer wheel: timers that nearly always are cancelled, at half the cost of the event loop's own.

Each request sets a few (its deadline, its heartbeat, the connection's keep-alive) and cancels them all. A timer rings
at the first tick after its time, so up to `TICK_S` late. Between ticks for which a timer is set, nothing happens.
"""

from __future__ import annotations

import asyncio
import heapq
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
        self._ticks: list[int] = []  # those that have a bucket, as a heap
        self._next = 0  # the tick that is waited for
        self._handle: asyncio.TimerHandle | None = None

    def at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` once the event loop's time has reached `when`."""
        tick = int(when / self._tick_s) + 1
        bucket = self._buckets.get(tick)
        return Timer(self._bucket(tick) if bucket is None else bucket, callback)

    def after(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` in `delay_s` seconds."""
        return self.at(self._loop.time() + delay_s, callback)

    def _bucket(self, tick: int) -> set[Timer]:
        """A new bucket, that of the next tick where its own has gone by."""
        tick = max(tick, int(self._loop.time() / self._tick_s) + 1)
        if tick not in self._buckets:
            self._buckets[tick] = set()
            heapq.heappush(self._ticks, tick)
            if self._handle is None or tick < self._next:
                self._wait(tick)
        return self._buckets[tick]

    def _wait(self, tick: int) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._next = tick
        self._handle = self._loop.call_at(tick * self._tick_s, self._ring)

    def _ring(self) -> None:
        """Ring what is due, then wait for the next timer, if there is one. A callback that raises stops nothing."""
        self._handle = None
        try:
            now = self._loop.time()
            while self._ticks and self._ticks[0] * self._tick_s <= now:
                bucket = self._buckets[self._ticks[0]]
                while bucket:
                    bucket.pop().callback()
                self._drop()
        finally:
            while self._ticks and not self._buckets[self._ticks[0]]:
                self._drop()  # all of its timers were cancelled
            if self._ticks:
                self._wait(self._ticks[0])

    def _drop(self) -> None:
        del self._buckets[heapq.heappop(self._ticks)]
