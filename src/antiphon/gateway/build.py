"""The composition root: settings in, a gateway out. Everything is put together here and handed what it needs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from antiphon.accounts.keys import ADMIN, INFERENCE, Key, Keyring, digest
from antiphon.accounts.limits import RequestLimits
from antiphon.clock import SystemClock
from antiphon.completions.dialects import RequestBounds
from antiphon.completions.doors import DOORS, Door
from antiphon.completions.plan import Bounds
from antiphon.completions.prepare import Preparation
from antiphon.completions.routes import ChatRoutes
from antiphon.completions.service import Completions
from antiphon.gateway.app import Application
from antiphon.gateway.cors import CrossOrigin
from antiphon.gateway.health import HealthRoutes
from antiphon.gateway.pages import PageRoutes
from antiphon.gateway.routes import table
from antiphon.ids import Ids
from antiphon.models.catalogue import Catalogue
from antiphon.models.placement import Placement
from antiphon.models.routes import ModelRoutes
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics
from antiphon.settings.model import Settings
from antiphon.sources import Source
from antiphon.sources.embedded import EmbeddedSource, OnState
from antiphon.sources.hub import hub_access
from antiphon.sources.supervision import OnProgress, supervisor_for
from antiphon.sources.upstream import UpstreamSource
from antiphon.vision.admission import ImageAdmission
from antiphon.vision.limits import ImageLimits
from antiphon.wheel import TimerWheel


class Gateway:
    """The application and what runs beside it."""

    def __init__(
        self, app: Application, catalogue: Catalogue, sources: list[Source], images: ImageAdmission, log: Log
    ) -> None:
        self.app = app
        self.catalogue = catalogue
        self._sources = sources
        self._images = images
        self._log = log
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Let the sources begin; models appear as they become ready."""
        loop = asyncio.get_running_loop()
        for source in self._sources:
            task = loop.create_task(source.run())
            task.add_done_callback(self._ended)
            self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A source runs for ever: if it ended, say why; its models stay shown as unavailable."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("a model cannot be served", reason=str(error))

    async def close(self) -> None:
        """Stop the sources, their engines and the image decoders."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)  # what a task failed of, `_ended` has told
        for source in self._sources:
            await source.close()
        await self._images.close()


def build(
    settings: Settings,
    *,
    development_key: str | None,
    environ: Mapping[str, str],
    log: Log,
    wheel: TimerWheel,
    on_progress: OnProgress,
    on_state: OnState,
) -> Gateway:
    """A gateway for these settings. Call it within a running event loop; ConfigError when they cannot work."""
    clock, ids, metrics, catalogue = SystemClock(), Ids(), Metrics(), Catalogue()
    bounds = Bounds(
        first_token_s=settings.timeouts.first_token_s,
        inter_token_s=settings.timeouts.inter_token_s,
        total_s=settings.timeouts.total_s,
        total_s_max=settings.timeouts.total_s_max,
        heartbeat_s=settings.timeouts.heartbeat_s,
    )
    images = ImageAdmission(_image_limits(settings))
    completions = Completions(
        Preparation(catalogue, images, bounds),
        Placement(queue_max=settings.limits.queue_max),
        bounds,
        ids=ids,
        wheel=wheel,
        on_end=metrics.ended,
    )
    request_bounds = RequestBounds(
        n_max=settings.limits.n_max,
        messages_max=settings.limits.messages_max,
        strict_fields=settings.server.strict_fields,
    )

    def chat(door: Door) -> ChatRoutes:
        exact = settings.server.wire == "exact"
        return ChatRoutes(door, completions, request_bounds, clock=clock, ids=ids, exact=exact)

    app = Application(
        table(
            chat=tuple((door, chat(door)) for door in DOORS),
            models=ModelRoutes(catalogue),
            health=HealthRoutes(catalogue, metrics),
            pages=PageRoutes(),
            metrics_need_key=not settings.observability.metrics_public,
        ),
        keyring(settings, development_key),
        limits=RequestLimits(),
        metrics=metrics,
        log=log,
        ids=ids,
        errors=settings.server.errors,
        shapes=tuple((f"{door.prefix}/", door.errors) for door in DOORS),
        in_flight_max=settings.limits.in_flight_max,
        cross_origin=CrossOrigin(settings.server.cors_origins) if settings.server.cors_origins else None,
    )
    supervise = supervisor_for(
        settings.data_dir, hub=hub_access(settings.hub), clock=clock, environ=environ, on_progress=on_progress
    )

    def note_state(model: str, state: str, detail: str) -> None:
        if state == "restarting":
            metrics.restarts.labels(model).inc()
        on_state(model, state, detail)

    sources: list[Source] = [
        EmbeddedSource(model, catalogue, supervise=supervise, clock=clock, on_state=note_state)
        for model in settings.models
    ]
    sources += [
        UpstreamSource(upstream, catalogue, connect_s=settings.timeouts.connect_s, clock=clock, log=log)
        for upstream in settings.upstreams
    ]
    return Gateway(app, catalogue, sources, images, log)


def keyring(settings: Settings, development_key: str | None) -> Keyring:
    """The keys of the settings and the development key, by digest."""
    keys: dict[str, Key] = {}
    for row in settings.keys:
        secret = row.key.reveal() if row.key is not None else ""
        name = row.key_sha256 or digest(secret)
        dria = secret.startswith("dkn_")
        keys[name] = Key(
            row.name,
            row.requests_per_minute,
            frozenset(row.models),
            frozenset(row.projects),
            scopes=ADMIN if row.admin else INFERENCE,
            account_name=row.account or "",
            session_memory=row.session_memory,
            dria=dria,
        )
    if development_key is not None:
        keys[digest(development_key)] = Key("development", scopes=ADMIN, dria=development_key.startswith("dkn_"))
    return Keyring(keys)


def _image_limits(settings: Settings) -> ImageLimits:
    return ImageLimits(
        images_max=settings.limits.images_max,
        size_bytes_max=settings.images.size_bytes_max,
        pixels_max=settings.images.pixels_max,
        fetch=settings.images.fetch,
        fetch_timeout_s=settings.images.fetch_timeout_s,
        hosts_allowed=settings.images.allowed_hosts,
    )
