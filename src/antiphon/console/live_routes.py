"""GET /v1/console/live: the latest requests that the caller may see, once, or with each change, as events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from antiphon.clock import Clock
from antiphon.console.live import Live, Watcher
from antiphon.console.seen import WireSeenNow, seen
from antiphon.console.visitors import Visitors
from antiphon.course import Course
from antiphon.http.exchange import EVENT_STREAM, JSON, NOT_GUESSED, NOT_KEPT, Exchange, require_key
from antiphon.http.sse import HEARTBEAT, event

EVENT_MAX = 100  # requests in one event, so that a browser is not busy with it for long
TICK_S = 0.2  # between two looks at what has changed
RIGHT_S = 1.0  # after which a session is looked at again, since it may have ended
FOLLOW_S = 600.0
WANTED = "text/event-stream"


class LiveRoutes:
    """Streams what happens. A stream ends after ten minutes, so that whoever follows it shows their key again."""

    def __init__(
        self, live: Live, visitors: Visitors, *, clock: Clock, heartbeat_s: float, follow_s: float = FOLLOW_S
    ) -> None:
        self._live = live
        self._visitors = visitors
        self._clock = clock
        self._heartbeat_s = heartbeat_s
        self._follow_s = follow_s

    async def follow(self, exchange: Exchange) -> None:
        """The latest requests; for who wants events, then each change."""
        key = require_key(exchange)
        whose = None if "admin" in key.scopes else key.account
        if WANTED not in exchange.header(b"accept").lower():
            with self._live.watcher(whose) as (_, latest):
                exchange.respond(200, self._told(latest, first=True), JSON, NOT_KEPT, NOT_GUESSED)
            return
        with self._live.watcher(whose) as (watcher, latest):
            exchange.start(200, *EVENT_STREAM, NOT_GUESSED)
            await self._tell(exchange, latest, first=True)
            await self._relay(exchange, watcher)
        exchange.finish()

    async def _relay(self, exchange: Exchange, watcher: Watcher) -> None:
        loop_s = asyncio.get_running_loop().time
        until_s, silent_s = loop_s() + self._follow_s, 0.0
        while not watcher.ending and (now_s := loop_s()) < until_s:
            await watcher.wait(RIGHT_S)
            await self._require_right(exchange)
            if changed := watcher.take():
                await self._tell(exchange, changed, first=False)
                silent_s = 0.0
                await asyncio.sleep(TICK_S)
                continue
            silent_s += loop_s() - now_s
            if silent_s >= self._heartbeat_s:
                silent_s = 0.0
                exchange.write(HEARTBEAT)
                await exchange.drain()

    async def _require_right(self, exchange: Exchange) -> None:
        """Unauthenticated once the session has ended; a key that is revoked ends its requests by itself."""
        if self._visitors.comes(exchange):
            await self._visitors.held(exchange, uses=False)

    async def _tell(self, exchange: Exchange, courses: Sequence[Course], *, first: bool) -> None:
        """Write them in pieces, between which others have their turn."""
        for begin in range(0, max(len(courses), 1), EVENT_MAX):
            if not exchange.write(event(self._told(courses[begin : begin + EVENT_MAX], first=first and not begin))):
                await exchange.drain()
            await asyncio.sleep(0)

    def _told(self, courses: Sequence[Course], *, first: bool) -> bytes:
        now_ms = self._clock.now() * 1000
        since_ms = now_ms if self._live.since_ms is None else self._live.since_ms
        return msgspec.json.encode(WireSeenNow(now_ms, since_ms, first, [seen(course) for course in courses]))
