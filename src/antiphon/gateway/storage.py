"""What a gateway keeps: the database, and the stores over it."""

from __future__ import annotations

import asyncio

from antiphon.clock import Clock
from antiphon.db.open import open_database
from antiphon.ids import Ids
from antiphon.observe.logs import Log
from antiphon.projects.service import Projects, built_in
from antiphon.settings.model import Settings


class Storage:
    """Opens the database at once; `start` begins what runs beside requests."""

    def __init__(self, settings: Settings, *, clock: Clock, ids: Ids, log: Log) -> None:
        self._log = log
        self._database = open_database(None, data_dir=settings.data_dir, clock=clock, on_change=self._changed)
        self.projects = Projects(self._database, configured=(), built_in=built_in(None), clock=clock, ids=ids)
        self._tasks: list[asyncio.Task[None]] = []

    def _changed(self, reason: str | None) -> None:
        if reason is None:
            self._log.info("the database answers again")
        else:
            self._log.error("the database does not answer", reason=reason)

    async def start(self) -> None:
        """Read what requests need, and keep it fresh."""
        await self.projects.refresh()
        self._tasks = [asyncio.get_running_loop().create_task(self.projects.run())]

    async def close(self) -> None:
        """Write what is on its way, and close the database."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._database.close()
