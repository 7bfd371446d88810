"""What answers each row of the table: the routes of all features, over what the gateway is made of."""

from __future__ import annotations

from antiphon.accounts.keyring import Keyring
from antiphon.accounts.routes import AuthRoutes, KeyRoutes
from antiphon.accounts.sign_in import SignIn
from antiphon.campaigns.joining import Joining
from antiphon.campaigns.report_routes import ReportRoutes
from antiphon.campaigns.routes import CampaignRoutes
from antiphon.campaigns.timeline import Timelines
from antiphon.channels.channel_routes import ChannelRoutes
from antiphon.channels.routes import MessageRoutes
from antiphon.clock import Clock
from antiphon.completions.doors import Door
from antiphon.credits.earning_routes import EarningRoutes
from antiphon.credits.receipt_routes import ReceiptRoutes
from antiphon.credits.routes import CreditRoutes
from antiphon.feedback.metric_routes import MetricRoutes
from antiphon.feedback.routes import RecordRoutes
from antiphon.gateway import values
from antiphon.gateway.answers import Answers
from antiphon.gateway.batching import Batching
from antiphon.gateway.console import Console
from antiphon.gateway.health import HealthRoutes
from antiphon.gateway.nodes import NodeParts
from antiphon.gateway.pages import PageRoutes
from antiphon.gateway.querying import graphql_routes
from antiphon.gateway.routes import Handlers
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
from antiphon.observe.metrics import Metrics
from antiphon.projects.routes import ProjectRoutes
from antiphon.settings.model import Settings
from antiphon.topup.routes import TopupRoutes
from antiphon.trust.routes import TrustRoutes


class Handling:
    """Makes the handlers. `base_url` is where the gateway listens, unless a setting says otherwise."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        catalogue: Catalogue,
        placement: Placement,
        metrics: Metrics,
        *,
        base_url: str,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._catalogue = catalogue
        self._placement = placement
        self._metrics = metrics
        self._base_url = base_url
        self._clock = clock
        self._ids = ids

    def handlers(
        self,
        doors: tuple[Door, ...],
        answers: Answers,
        nodes: NodeParts,
        trusting: Trusting,
        batching: Batching,
        *,
        health: HealthRoutes,
        console: Console | None,
        keyring: Keyring,
    ) -> Handlers:
        """All of them."""
        storage, sign_in = self._storage, self._sign_in()
        campaigns = CampaignRoutes(storage.campaigns.campaigns, storage.projects, self._catalogue)
        return Handlers(
            chat=answers.chat(doors),
            text=answers.text(doors),
            embeddings=answers.embeddings(doors),
            responses=answers.responses(),
            response_tokens=answers.response_tokens(),
            message_tokens=answers.message_tokens(),
            auth=AuthRoutes(sign_in, on_change=storage.keys_changed),
            keys=KeyRoutes(storage.keys, clock=self._clock, on_change=storage.keys_changed),
            credits=self._credit_routes(),
            receipts=ReceiptRoutes(storage.receipts),
            earnings=EarningRoutes(storage.earnings),
            trust=TrustRoutes(trusting.trust, trusting.resolve, clock=self._clock),
            topup=TopupRoutes(
                storage.topups,
                base_url=self._settings.server.base_url or self._base_url,
                on_refused=self._metrics.payment_refused,
            ),
            models=ModelRoutes(self._catalogue, self._placement),
            nodes=self._node_routes(nodes),
            projects=ProjectRoutes(storage.projects),
            interactions=InteractionRoutes(storage.interactions, storage.projects),
            export=ExportRoutes(storage.interactions, storage.projects),
            files=batching.files,
            batches=batching.batches,
            sessions=SessionRoutes(storage.sessions, storage.projects),
            campaigns=campaigns,
            campaign_reports=ReportRoutes(
                storage.reports, Timelines(storage.database, clock=self._clock), campaigns.find
            ),
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
            health=health,
            pages=PageRoutes(),
            once=storage.once,
            console=None if console is None else console.handlers(keyring, sign_in),
        )

    def _sign_in(self) -> SignIn:
        storage, rules = self._storage, values.sign_in_rules(self._settings, self._base_url)
        secrets = [pepper.secret for pepper in storage.peppers]
        return SignIn(storage.keys, rules, secrets, clock=self._clock, ids=self._ids)

    def _node_routes(self, nodes: NodeParts) -> NodeRoutes:
        base_url = self._settings.server.base_url or self._base_url
        storage = self._storage
        return NodeRoutes(
            storage.nodes,
            Invites(storage.database, storage.peppers, clock=self._clock, ids=self._ids),
            nodes.registry,
            nodes,
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
