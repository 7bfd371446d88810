"""The composition root: settings in, a gateway out. Everything is put together here and handed what it needs."""

from __future__ import annotations

from collections.abc import Mapping

from antiphon.accounts.keyring import Keyring
from antiphon.accounts.routes import AuthRoutes, KeyRoutes
from antiphon.accounts.running import Running
from antiphon.accounts.sign_in import SignIn
from antiphon.campaigns.joining import Joining
from antiphon.campaigns.report_routes import ReportRoutes
from antiphon.campaigns.routes import CampaignRoutes
from antiphon.channels.channel_routes import ChannelRoutes
from antiphon.channels.routes import MessageRoutes
from antiphon.clock import SystemClock
from antiphon.completions.doors import DOORS, Door
from antiphon.credits.earning_routes import EarningRoutes
from antiphon.credits.receipt_routes import ReceiptRoutes
from antiphon.credits.routes import CreditRoutes
from antiphon.feedback.metric_routes import MetricRoutes
from antiphon.feedback.routes import RecordRoutes
from antiphon.gateway import values
from antiphon.gateway.answers import Answers
from antiphon.gateway.app import Application
from antiphon.gateway.batching import Batching
from antiphon.gateway.charging import charging
from antiphon.gateway.cors import CrossOrigin
from antiphon.gateway.gateway import Gateway, Part
from antiphon.gateway.health import HealthRoutes
from antiphon.gateway.limiting import Limiting
from antiphon.gateway.load_watch import LoadWatch
from antiphon.gateway.memory import Memory
from antiphon.gateway.nodes import NodeParts
from antiphon.gateway.pages import PageRoutes
from antiphon.gateway.querying import graphql_routes
from antiphon.gateway.routes import Handlers, all_shapes, table
from antiphon.gateway.serving import sources
from antiphon.gateway.storage import Storage
from antiphon.gateway.trusting import Trusting
from antiphon.ids import Ids
from antiphon.interactions.export_routes import ExportRoutes
from antiphon.interactions.routes import InteractionRoutes, SessionRoutes
from antiphon.models.catalogue import Catalogue
from antiphon.models.placement import Placement
from antiphon.models.routes import ModelRoutes
from antiphon.nodes.invites import Invites
from antiphon.nodes.routes import NodeRoutes
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics
from antiphon.projects.routes import ProjectRoutes
from antiphon.providers.client import require_installed
from antiphon.providers.model import Provider
from antiphon.providers.service import Providers
from antiphon.settings.model import Settings
from antiphon.settings.tool_providers import as_provider
from antiphon.sources.embedded import OnState
from antiphon.sources.supervision import OnProgress
from antiphon.topup.routes import TopupRoutes
from antiphon.trust.routes import TrustRoutes
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
        self._batching = self._batches()
        self._charging = charging(self._storage, self._metrics, nodes=self._trusting, clock=self._clock)
        self._providers = Providers(clock=self._clock, on_trouble=self._trouble)
        if settings.tool_providers:
            require_installed()
            self._providers.replace("settings", tuple(map(as_provider, settings.tool_providers)))
            self._providers.warm()

    def _trouble(self, provider: Provider, reason: str) -> None:
        self._log.warning("a tool provider fails", provider=provider.key, reason=reason)

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
        )

    def _application(self) -> Application:
        settings, handlers = self._settings, self._handlers()
        self._batching.serve(
            {door.address: routes.chat for door, routes in handlers.chat}
            | {f"{door.prefix}/completions": routes.chat for door, routes in handlers.text}
            | {f"{door.prefix}/embeddings": routes.embed for door, routes in handlers.embeddings}
        )
        return Application(
            table(handlers, metrics_need_key=not settings.observability.metrics_public),
            Keyring(values.named_keys(settings, self._development_key), self._storage.stored_keys),
            limits=self._limits,
            running=self._running,
            metrics=self._metrics,
            log=self._log,
            ids=self._ids,
            errors=settings.server.errors,
            shapes=all_shapes(self._doors),
            in_flight_max=settings.limits.in_flight_max,
            load=self._load,
            cross_origin=CrossOrigin(settings.server.cors_origins) if settings.server.cors_origins else None,
        )

    def _handlers(self) -> Handlers:
        storage, answers = self._storage, self._answers()
        campaigns = CampaignRoutes(storage.campaigns.campaigns, storage.projects, self._catalogue)
        return Handlers(
            chat=answers.chat(self._doors),
            text=answers.text(self._doors),
            embeddings=answers.embeddings(self._doors),
            responses=answers.responses(),
            response_tokens=answers.response_tokens(),
            message_tokens=answers.message_tokens(),
            auth=AuthRoutes(self._sign_in(), on_change=storage.keys_changed),
            keys=KeyRoutes(storage.keys, clock=self._clock, on_change=storage.keys_changed),
            credits=self._credit_routes(),
            receipts=ReceiptRoutes(storage.receipts),
            earnings=EarningRoutes(storage.earnings),
            trust=TrustRoutes(self._trusting.trust, self._trusting.resolve, clock=self._clock),
            topup=TopupRoutes(storage.topups, base_url=self._settings.server.base_url or self._base_url),
            models=ModelRoutes(self._catalogue, self._placement),
            nodes=self._node_routes(),
            projects=ProjectRoutes(storage.projects),
            interactions=InteractionRoutes(storage.interactions, storage.projects),
            export=ExportRoutes(storage.interactions, storage.projects),
            files=self._batching.files,
            batches=self._batching.batches,
            sessions=SessionRoutes(storage.sessions, storage.projects),
            campaigns=campaigns,
            campaign_reports=ReportRoutes(storage.reports, campaigns.find),
            feedback_metrics=MetricRoutes(storage.feedback_metrics),
            messages=self._message_routes(),
            channels=ChannelRoutes(storage.channels.directory),
            records=RecordRoutes(
                storage.feedbacks,
                storage.comparisons,
                storage.projects,
                join=Joining(storage.campaigns.known, self._catalogue, lambda: storage.projects.by_name),
                clock=self._clock,
                ids=self._ids,
            ),
            graphql=graphql_routes(storage, self._catalogue, self._placement),
            health=self._health,
            pages=PageRoutes(),
            once=storage.once,
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

    def _sign_in(self) -> SignIn:
        storage, rules = self._storage, values.sign_in_rules(self._settings, self._base_url)
        secrets = [pepper.secret for pepper in storage.peppers]
        return SignIn(storage.keys, rules, secrets, clock=self._clock, ids=self._ids)

    def _node_routes(self) -> NodeRoutes:
        base_url = self._settings.server.base_url or self._base_url
        storage = self._storage
        return NodeRoutes(
            storage.nodes,
            Invites(storage.database, storage.peppers, clock=self._clock, ids=self._ids),
            self._nodes.registry,
            self._nodes,
            base_url=base_url,
            clock=self._clock,
        )

    def _message_routes(self) -> MessageRoutes:
        channels = self._storage.channels
        self._metrics.watch_followers(lambda: channels.watch.followers)
        return MessageRoutes(
            channels,
            on_posted=self._metrics.posted,
            heartbeat_s=self._settings.timeouts.heartbeat_s,
            follow_s=self._settings.channels.follow_s,
            exact=self._settings.server.wire == "exact",
        )

    def _credit_routes(self) -> CreditRoutes:
        exact = self._settings.server.wire == "exact"
        return CreditRoutes(
            self._storage.credits, gifts=values.gifts(self._settings), clock=self._clock, exact=exact
        )  # fmt: skip
