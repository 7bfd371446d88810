"""Watches how the gateway itself is doing, ten times a second, and says which requests it takes on meanwhile."""

from __future__ import annotations

import asyncio
from typing import Protocol

from antiphon.clock import Clock
from antiphon.errors import Unavailable
from antiphon.gateway.overload import Lateness, OverloadLimits, Shedding
from antiphon.gateway.watchdog import Watchdog
from antiphon.models.retry_after import retry_after_s
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics

BEAT_S = 0.1
BEATS_A_LOOK = 10  # at the memory, which takes longer to look at and changes more slowly
WORK = frozenset({"chat", "completions", "embeddings"})  # tags of routes that engines generate for
PROBES = "health"


class MemoryShare(Protocol):
    """What knows how full the memory is."""

    def share(self) -> float:
        """Between 0 and 1."""
        ...


class LoadWatch:
    """Holds the rules of `overload.py` against the event loop and the memory. Make it within a running event loop."""

    def __init__(
        self, limits: OverloadLimits, memory: MemoryShare, *, clock: Clock, log: Log, metrics: Metrics
    ) -> None:
        self._limits = limits
        self._memory = memory
        self._clock = clock
        self._log = log
        self._metrics = metrics
        self._watchdog = Watchdog(clock=clock, log=log)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._beats = 0
        self._lateness = Lateness()
        self._since = 0.0
        self._refused = 0
        self.shedding = Shedding()
        self.sheds = False  # anything at all, which every request asks
        self.lag_s = 0.0
        self.memory_share = 0.0
        metrics.watch_load(lambda: self.lag_s, lambda: self.memory_share)

    def start(self) -> None:
        """Begin to watch."""
        self._watchdog.start()
        self.memory_share = self._memory.share()
        self._wait()

    async def close(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._watchdog.close()

    def admit(self, tag: str) -> None:
        """Unavailable while requests of routes with that tag are refused."""
        if self.shedding.everything and tag != PROBES:
            raise self._refusal("The gateway's memory is full.", "memory")
        if self.shedding.work and tag in WORK:
            raise self._refusal("The gateway has too much to do.", "lag")

    def require_room_for_images(self) -> None:
        """Unavailable while the memory is nearly full."""
        if self.shedding.images:
            raise self._refusal("The gateway's memory is nearly full: it takes no images now.", "memory")

    def _refusal(self, message: str, reason: str) -> Unavailable:
        self._refused += 1
        self._metrics.shed(reason)
        lasted_s = self._clock.monotonic() - self._since
        return Unavailable(message, retry_after_s=retry_after_s(lasted_s, self._refused), code="overloaded")

    def _wait(self) -> None:
        self._due = self._clock.monotonic() + BEAT_S
        self._timer = self._loop.call_later(BEAT_S, self._beat)

    def _beat(self) -> None:
        now = self._clock.monotonic()
        self.lag_s = max(0.0, now - self._due)
        self._watchdog.beat()
        self._beats += 1
        if self._beats % BEATS_A_LOOK == 0:
            self.memory_share = self._memory.share()
        self._lateness = self._lateness.after(now, self.lag_s, self._limits.lag_s)
        self._become(
            self.shedding.after(late=self._lateness.shedding, memory_share=self.memory_share, limits=self._limits), now
        )
        self._wait()

    def _become(self, shedding: Shedding, now: float) -> None:
        before, self.shedding = self.shedding, shedding
        self.sheds = bool(shedding)
        if shedding and not before:
            self._since = now
            self._log.warning("requests are shed", reason=shedding.reason, lag_s=self._shown_lag, memory=self._percent)
        elif before and not shedding:
            lasted_s = round(now - self._since, 1)
            self._log.info("requests are taken on again", after_s=lasted_s, lag_s=self._shown_lag, memory=self._percent)

    @property
    def _shown_lag(self) -> float:
        return round(self.lag_s, 3)

    @property
    def _percent(self) -> str:
        return f"{self.memory_share:.0%}"
