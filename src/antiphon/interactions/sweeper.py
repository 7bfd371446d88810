"""Deletes interactions whose time is up, a few at a time, so that nobody else has to wait for the database.

Of all gateways of a database one at a time does it. If that one is killed, another goes on a little later.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from antiphon.clock import Clock
from antiphon.db import Connection, Database
from antiphon.errors import Unavailable
from antiphon.interactions import age_store, turns
from antiphon.interactions.retention import Retention
from antiphon.projects.model import Project

NAME = "interactions"
EVERY_S = 60.0
SWEPT_TOGETHER = 50  # in one transaction
REST = 4  # so many times as long as a transaction took, nothing is deleted


class Sweeper:
    """What is too old is gone within some minutes; `run` sees to it. `on_swept` is told how many those were."""

    def __init__(
        self,
        database: Database,
        retention: Retention,
        *,
        projects: Callable[[], Mapping[str, Project]],
        clock: Clock,
        on_swept: Callable[[int], None],
    ) -> None:
        self._database = database
        self._retention = retention
        self._projects = projects
        self._clock = clock
        self._on_swept = on_swept

    async def run(self, every_s: float = EVERY_S) -> None:
        """Sweep for ever."""
        while True:
            with contextlib.suppress(Unavailable):
                await self.sweep()
            await asyncio.sleep(every_s)

    async def sweep(self) -> int:
        """Delete all that is too old now, unless another gateway does; how many those were."""
        now_ms = self._now_ms()
        if not await self._database.write(
            lambda connection: turns.take(connection, NAME, now_ms=now_ms, for_ms=int(EVERY_S * 1000))
        ):
            return 0
        swept = 0
        for project_id in (None, *await self._database.read(age_store.project_ids)):
            project = None if project_id is None else self._projects().get(project_id)
            before_ms = self._retention.cut_off_ms(project, now_ms)
            if before_ms is not None:
                swept += await self._sweep(project_id, before_ms)
        if swept:
            self._on_swept(swept)
        return swept

    async def _sweep(self, project_id: str | None, before_ms: int) -> int:
        """Delete what came before a time, with a rest after each part."""

        def work(connection: Connection) -> int:
            turns.hold(connection, NAME, until_ms=self._now_ms() + int(EVERY_S * 1000))
            return age_store.delete(connection, project_id, before_ms=before_ms, most=SWEPT_TOGETHER)

        swept = 0
        while True:
            begun = self._clock.monotonic()
            some = await self._database.write(work)
            swept += some
            if some < SWEPT_TOGETHER:
                return swept
            await asyncio.sleep(REST * (self._clock.monotonic() - begun))

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)
