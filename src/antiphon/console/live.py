"""The latest requests of this gateway, and whoever watches them: nobody is told more often than they can look.

What happens to requests is noted only while somebody watches, and for a minute after that; for a request that nobody
watches it costs nothing. Those that are noted for another reason are shown, too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from antiphon.clock import Clock
from antiphon.console.seen import account, worth_showing
from antiphon.course import Course, Step
from antiphon.errors import Unavailable

LATEST_MAX = 1_000
LINGER_S = 60.0  # after the last one looked, as who comes back soon does
WATCHERS_MAX = 100
WATCHERS_OF_ACCOUNT_MAX = 10  # so that no account keeps the others from looking


class Watcher:
    """What has changed since it was asked last, of the requests of one account, or of all where that is None."""

    def __init__(self, whose: str | None) -> None:
        self.whose = whose
        self._changed: dict[int, Course] = {}
        self._woken = asyncio.Event()
        self.ending = False

    def may_see(self, course: Course) -> bool:
        """Whether the request is one of those."""
        return self.whose is None or self.whose == account(course)

    def note(self, course: Course) -> None:
        """There is a change; of more than can be shown, the latest are kept."""
        if not self.may_see(course):
            return
        self._changed[id(course)] = course  # which no other one has while it is in here
        if len(self._changed) > LATEST_MAX:
            del self._changed[next(iter(self._changed))]
        self._woken.set()

    async def wait(self, wait_s: float) -> None:
        """Return as soon as there is a change, or the gateway ends, or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._woken.wait()

    def take(self) -> list[Course]:
        """What has changed, each request once."""
        found = list(self._changed.values())
        self._changed.clear()
        if not self.ending:
            self._woken.clear()
        return found

    def end(self) -> None:
        """Let it wait no more."""
        self.ending = True
        self._woken.set()


class OnWatch(Protocol):
    """What hears whether every request is to be noted."""

    def __call__(self, *, on: bool) -> None:
        """From now on, or no more."""
        ...


class Live:
    """The latest requests, in the order in which they were let in. `told` is to hear of each step of each.

    `on_watch` is called when every request is to be told, and when none has to be any more. All that came after
    `since_ms` are there, as far as there is room; None: nobody watches.
    """

    def __init__(
        self, *, clock: Clock, on_watch: OnWatch, latest_max: int = LATEST_MAX, linger_s: float = LINGER_S
    ) -> None:
        self._clock = clock
        self._on_watch = on_watch
        self._linger_s = linger_s
        self._lingering: asyncio.TimerHandle | None = None
        self.since_ms: float | None = None
        self._latest: deque[Course] = deque(maxlen=latest_max)
        self._watchers: set[Watcher] = set()
        self._ending = False

    def told(self, course: Course, step: Step) -> None:
        """Something happened to a request."""
        if step == "planned" or (step == "ended" and course.wanted is None and worth_showing(course)):
            self._latest.append(course)
        if self._watchers and worth_showing(course):
            for watcher in self._watchers:
                watcher.note(course)

    @contextmanager
    def watcher(self, whose: str | None) -> Iterator[tuple[Watcher, list[Course]]]:
        """Somebody who watches, with what there is already; Unavailable when too many do, or the gateway ends."""
        if self._ending:
            raise Unavailable("The gateway ends.", retry_after_s=1)
        of_account = 0 if whose is None else sum(one.whose == whose for one in self._watchers)
        if len(self._watchers) >= WATCHERS_MAX or of_account >= WATCHERS_OF_ACCOUNT_MAX:
            raise Unavailable("As many watch requests here as may at once.", retry_after_s=5)
        watcher = Watcher(whose)
        self._watchers.add(watcher)
        self._begin()
        try:
            yield watcher, [course for course in self._latest if watcher.may_see(course)]
        finally:
            self._watchers.discard(watcher)
            if not self._watchers:
                self._lingering = asyncio.get_running_loop().call_later(self._linger_s, self._stop)

    def _begin(self) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        if self.since_ms is None:
            self.since_ms = self._clock.now() * 1000
            self._on_watch(on=True)

    def _stop(self) -> None:
        self._lingering = self.since_ms = None
        self._on_watch(on=False)

    def leave(self) -> None:
        """End all watching: the gateway is about to end."""
        self._ending = True
        if self._lingering is not None:
            self._lingering.cancel()
        for watcher in self._watchers:
            watcher.end()
