"""The composition root: settings in, a gateway out. Everything is put together here and handed what it needs."""

from __future__ import annotations

from collections.abc import Mapping

from antiphon.accounts.keyring import Keyring
from antiphon.accounts.running import Running
from antiphon.clock import SystemClock
from antiphon.completions.doors import DOORS, Door
from antiphon.gateway import values
from antiphon.gateway.answers import Answers
from antiphon.gateway.app import Application
from antiphon.gateway.batching import Batching
from antiphon.gateway.charging import charging
from antiphon.gateway.cors import CrossOrigin
from antiphon.gateway.followers import Followers
from antiphon.gateway.gateway import Gateway, Part
from antiphon.gateway.handling import Handling
from antiphon.gateway.health import HealthRoutes
from antiphon.gateway.limiting import Limiting
from antiphon.gateway.load_watch import LoadWatch
from antiphon.gateway.memory import Memory
from antiphon.gateway.nodes import NodeParts
from antiphon.gateway.providing import providers
from antiphon.gateway.routes import Handlers, all_shapes, table
from antiphon.gateway.serving import sources
from antiphon.gateway.storage import Storage
from antiphon.gateway.trusting import Trusting
from antiphon.ids import Ids
from antiphon.models.catalogue import Catalogue
from antiphon.models.placement import Placement
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics
from antiphon.settings.model import Settings
from antiphon.sources.embedded import OnState
from antiphon.sources.supervision import OnProgress
from antiphon.vision.admission import ImageAdmission
from antiphon.wheel import TimerWheel

DEFAULT_BASE_URL = "http://127.0.0.1:8000"


class Builder:
    """Puts a gateway together, a part at a time. Make it within a running event loop.

    `base_url` is where it listens; wallets that sign in name it, unless a setting says otherwise.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        development_key: str | None,
        log: Log,
        wheel: TimerWheel,
        doors: tuple[Door, ...] = DOORS,
        base_url: str = DEFAULT_BASE_URL,
    ) -> None:
        self._settings = settings
        self._base_url = base_url
        self._doors = doors
        self._development_key = development_key
        self._log = log
        self._wheel = wheel
        self._clock = SystemClock()
        self._ids = Ids()
        self._metrics = Metrics()
        self._running = Running()
        self._catalogue = Catalogue()
        self._placement = Placement(queue_max=settings.limits.queue_max, affinity=values.affinity(settings))
        self._metrics.watch_waiting(lambda: self._placement.waiting)
        self._metrics.watch_placement(self._placement.tally)
        self._load = LoadWatch(
            values.overload_limits(settings),
            Memory(limit_bytes=settings.overload.memory_bytes),
            clock=self._clock,
            log=log,
            metrics=self._metrics,
        )
        self._images = ImageAdmission(values.image_limits(settings), require_room=self._load.require_room_for_images)
        self._storage = Storage(
            settings,
            clock=self._clock,
            ids=self._ids,
            log=log,
            on_revoked=self._running.break_off,
            on_uncharged=self._metrics.uncharged,
            on_miscounted=self._metrics.campaigns.lost,
        )
        self._health = HealthRoutes(
            self._catalogue,
            self._metrics,
            lambda: self._storage.healthy,
            lambda: self._load.shedding,
            lambda: self._nodes.awaits,
        )
        self._limiting = Limiting(settings, self._storage.database, clock=self._clock, ids=self._ids, log=log)
        self._limits = self._limiting.limiter
        self._trusting = Trusting(
            settings,
            self._storage,
            self._catalogue,
            self._placement,
            self._metrics,
            clock=self._clock,
            ids=self._ids,
            log=log,
        )
        self._keyring = Keyring(values.named_keys(settings, development_key), self._storage.stored_keys)
        self._followers = self._followed()
        self._batching = self._batches()
        self._charging = charging(self._storage, self._metrics, nodes=self._trusting, clock=self._clock)
        self._providers = providers(settings, clock=self._clock, log=log)

    def _followed(self) -> Followers:
        return Followers(
            self._settings,
            self._storage,
            self._metrics,
            base_url=self._base_url,
            development_key=self._development_key,
            clock=self._clock,
            ids=self._ids,
            log=self._log,
        )

    def _batches(self) -> Batching:
        return Batching(
            self._settings,
            self._storage.database,
            keys=values.named_keys(self._settings, self._development_key),
            limits=self._limits,
            quiet=lambda: not self._load.sheds and not self._placement.waiting,
            clock=self._clock,
            ids=self._ids,
            log=self._log,
        )

    def build(self, *, environ: Mapping[str, str], on_progress: OnProgress, on_state: OnState) -> Gateway:
        """The gateway; `on_progress` and `on_state` are told of its models."""
        self._nodes = NodeParts(
            self._settings,
            self._storage,
            self._catalogue,
            self._placement,
            clock=self._clock,
            ids=self._ids,
            log=self._log,
            environ=environ,
            on_answer=self._trusting.answered,
        )
        made = sources(
            self._settings,
            self._catalogue,
            environ=environ,
            clock=self._clock,
            log=self._log,
            metrics=self._metrics,
            on_progress=on_progress,
            on_state=on_state,
        )
        made += [self._batching, self._nodes, self._trusting]
        if self._followers.telemetry is not None:
            made.append(self._followers.telemetry)
        console = self._followers.console
        parts: list[Part] = [self._images, self._providers, self._charging, self._limiting]
        return Gateway(
            self._application(),
            self._catalogue,
            made,
            parts,
            self._storage,
            self._log,
            health=self._health,
            load=self._load,
            live=None if console is None else console.live,
        )

    def _application(self) -> Application:
        settings, handlers, console = self._settings, self._handlers(), self._followers.console
        self._batching.serve(
            {door.address: routes.chat for door, routes in handlers.chat}
            | {f"{door.prefix}/completions": routes.chat for door, routes in handlers.text}
            | {f"{door.prefix}/embeddings": routes.embed for door, routes in handlers.embeddings}
        )
        return Application(
            table(handlers, metrics_need_key=not settings.observability.metrics_public),
            self._keyring,
            limits=self._limits,
            running=self._running,
            metrics=self._metrics,
            log=self._log,
            ids=self._ids,
            errors=settings.server.errors,
            shapes=all_shapes(self._doors),
            in_flight_max=settings.limits.in_flight_max,
            load=self._load,
            following=self._followers.following,
            visitors=None if console is None else console.visitors,
            cross_origin=CrossOrigin(settings.server.cors_origins) if settings.server.cors_origins else None,
        )

    def _handlers(self) -> Handlers:
        handling = Handling(
            self._settings,
            self._storage,
            self._catalogue,
            self._placement,
            self._metrics,
            base_url=self._base_url,
            clock=self._clock,
            ids=self._ids,
        )
        return handling.handlers(
            self._doors,
            self._answers(),
            self._nodes,
            self._trusting,
            self._batching,
            health=self._health,
            console=self._followers.console,
            keyring=self._keyring,
        )

    def _answers(self) -> Answers:
        return Answers(
            self._settings,
            self._storage,
            self._catalogue,
            self._placement,
            images=self._images,
            providers=self._providers,
            limits=self._limits,
            charging=self._charging,
            trusting=self._trusting,
            metrics=self._metrics,
            clock=self._clock,
            ids=self._ids,
            wheel=self._wheel,
        )
