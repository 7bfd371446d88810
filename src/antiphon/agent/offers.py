"""What a machine offers: models that it runs itself, if they fit, and servers that run beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from antiphon.agent.announcements import Announce, Announcement
from antiphon.agent.fitting import Wanted, fit_fault, needed_bytes
from antiphon.agent.hardware import Hardware
from antiphon.agent.local_engine import LocalEngine
from antiphon.clock import Clock
from antiphon.errors import ConfigError
from antiphon.modelfiles import Progress, read_metadata, resolve
from antiphon.models.catalogue import Catalogue
from antiphon.observe.logs import Log
from antiphon.settings.model import Settings
from antiphon.settings.serving import ModelSettings
from antiphon.sources import Source
from antiphon.sources.embedded import EmbeddedSource
from antiphon.sources.hub import hub_access
from antiphon.sources.supervision import supervisor_for
from antiphon.sources.upstream import UpstreamSource

POLL_S = 0.1


class Offers:
    """The sources of one machine, and the engine that they are together. Make it within a running event loop."""

    def __init__(
        self, settings: Settings, *, clock: Clock, log: Log, environ: Mapping[str, str], announce: Announce
    ) -> None:
        self._settings = settings
        self._announce = announce
        self._loop = asyncio.get_running_loop()
        self._catalogue = Catalogue()
        self.engine = LocalEngine("node", self._catalogue)
        supervise = supervisor_for(
            settings.data_dir, hub=hub_access(settings.hub), clock=clock, environ=environ, on_progress=self._progress
        )
        connect_s = settings.timeouts.connect_s
        self._sources: list[Source] = [
            EmbeddedSource(model, self._catalogue, supervise=supervise, clock=clock, on_state=self._state)
            for model in settings.models
        ]
        self._sources += [
            UpstreamSource(upstream, self._catalogue, connect_s=connect_s, clock=clock, log=log)
            for upstream in settings.upstreams
        ]
        self._tasks: list[asyncio.Task[None]] = []

    async def require_fit(self, hardware: Hardware) -> None:
        """Fetch the files of models that run here; ConfigError for the first that does not fit beside the others."""
        left = hardware.memory_bytes
        for model in self._settings.models:
            wanted = await asyncio.to_thread(self._wanted, model)
            if fault := fit_fault(wanted, left):
                raise ConfigError(f"--model: {fault}.")
            left = None if left is None else left - needed_bytes(wanted)

    async def start(self) -> None:
        """Begin, and return when a model can be asked; ConfigError when one can never be served."""
        self._tasks = [self._loop.create_task(source.run()) for source in self._sources]
        while not self.engine.ready:
            await asyncio.sleep(POLL_S)
            for task in self._tasks:
                if task.done():
                    await task  # raises what it failed of

    async def close(self) -> None:
        """End the engines that run here."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for source in self._sources:
            await source.close()

    def _wanted(self, model: ModelSettings) -> Wanted:
        def report(progress: Progress) -> None:
            self._progress(model.name, progress)

        folder = self._settings.data_dir.expanduser()
        found = resolve(model.reference, data_dir=folder, hub=hub_access(self._settings.hub), on_progress=report)
        metadata = read_metadata(found.path)
        size = found.size_bytes + self._projector_bytes(model, folder)
        return Wanted(model.name, size, metadata, model.context_length, model.parallel, model.embeddings)

    def _projector_bytes(self, model: ModelSettings, folder: Path) -> int:
        if model.mmproj is None:
            return 0
        return resolve(model.mmproj, data_dir=folder, hub=hub_access(self._settings.hub)).size_bytes

    def _progress(self, model: str, progress: Progress) -> None:
        """Told from a thread."""
        told = Announcement("progress", model, progress.step, done=progress.done_bytes, total=progress.total_bytes)
        self._loop.call_soon_threadsafe(self._announce, told)

    def _state(self, model: str, state: str, detail: str) -> None:
        self._announce(Announcement("model", model, state, detail))
