"""A gateway that runs: the application, and what lives beside its requests."""

from __future__ import annotations

import asyncio
from typing import Protocol

from antiphon.console.live import Live
from antiphon.gateway.app import Application
from antiphon.gateway.health import HealthRoutes
from antiphon.gateway.load_watch import LoadWatch
from antiphon.gateway.storage import Storage
from antiphon.models.catalogue import Catalogue
from antiphon.observe.logs import Log
from antiphon.sources import Source


class Part(Protocol):
    """What holds something until the end."""

    async def close(self) -> None:
        """Let go of it."""
        ...


class Gateway:
    """The application and what runs beside it."""

    def __init__(
        self,
        app: Application,
        catalogue: Catalogue,
        sources: list[Source],
        parts: list[Part],
        storage: Storage,
        log: Log,
        *,
        health: HealthRoutes,
        load: LoadWatch,
        live: Live | None = None,
    ) -> None:
        self.app = app
        self.catalogue = catalogue
        self._health = health
        self._load = load
        self._live = live
        self._sources = sources
        self._parts = parts
        self._storage = storage
        self._log = log
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Read what is kept, then let the sources begin; models appear as they become ready."""
        await self._storage.start()
        self._load.start()
        loop = asyncio.get_running_loop()
        for source in self._sources:
            task = loop.create_task(source.run())
            task.add_done_callback(self._ended)
            self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A source runs for ever: if it ended, say why; its models stay shown as unavailable."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("a model cannot be served", reason=str(error))

    def leave(self) -> None:
        """Say, wherever somebody asks whether to send more requests, that no more should come."""
        self._health.leaving = True
        self._storage.channels.leave()
        if self._live is not None:
            self._live.leave()

    async def close(self) -> None:
        """Stop the sources and their engines, and what serves requests; keep what is on its way.

        What is under way for clients that may come back comes to its end before.
        """
        await self._storage.once.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)  # what a task failed of, `_ended` has told
        for source in self._sources:
            await source.close()
        for part in self._parts:
            await part.close()
        await self._load.close()
        await self._storage.close()
