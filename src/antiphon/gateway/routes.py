"""The table itself: one row per route. A new feature adds its rows here and nowhere else."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from antiphon.accounts import wire as accounts
from antiphon.accounts.routes import AuthRoutes, KeyRoutes
from antiphon.batches.routes import BatchRoutes, FileRoutes
from antiphon.campaigns.report_routes import ReportRoutes
from antiphon.campaigns.routes import CampaignRoutes
from antiphon.channels.channel_routes import ChannelRoutes
from antiphon.channels.routes import MessageRoutes
from antiphon.completions.count_routes import CountRoutes
from antiphon.completions.doors import Door, shapes
from antiphon.completions.embedding_routes import EmbeddingRoutes
from antiphon.completions.response_routes import ResponseRoutes
from antiphon.completions.routes import ChatRoutes
from antiphon.credits import wire as credit_wire
from antiphon.credits.earning_routes import EarningRoutes, WireEarnings
from antiphon.credits.paging import LedgerQuery
from antiphon.credits.receipt_routes import ReceiptRoutes, WireReceipt
from antiphon.credits.routes import CreditRoutes
from antiphon.feedback import bodies
from antiphon.feedback.metric_routes import MetricBody, MetricRoutes, WireMetric, WireMetrics
from antiphon.feedback.routes import RecordRoutes
from antiphon.gateway.batch_rows import batch_rows
from antiphon.gateway.campaign_rows import campaign_rows
from antiphon.gateway.channel_rows import channel_rows
from antiphon.gateway.console_rows import ConsoleHandlers, console_rows
from antiphon.gateway.health import HealthRoutes
from antiphon.gateway.pages import PageRoutes
from antiphon.gateway.response_rows import response_rows
from antiphon.gateway.table import Route, Table
from antiphon.graphql.routes import PATH as GRAPHQL_PATH
from antiphon.graphql.routes import GraphQLAnswer, GraphQLBody, GraphQLRoutes
from antiphon.http.errors import ErrorShape
from antiphon.idempotency.once import Once
from antiphon.interactions.export_routes import LINES, ExportRoutes
from antiphon.interactions.listing import FilterQuery, ListingQuery, PagingQuery
from antiphon.interactions.routes import InteractionRoutes, SessionRoutes
from antiphon.interactions.wire import (
    WireDeleted,
    WireInteraction,
    WireInteractions,
    WireSessions,
    WireSessionTurns,
)
from antiphon.models.routes import ModelRoutes, WireModel, WireModels
from antiphon.nodes import wire as nodes
from antiphon.nodes.routes import NodeRoutes
from antiphon.projects.routes import ProjectRoutes
from antiphon.projects.wire import ProjectBody, ProjectChangeBody, WireProject, WireProjects
from antiphon.topup.routes import TopupRoutes
from antiphon.topup.wire import PATH as TOPUP_PATH
from antiphon.topup.wire import RefusalV1, TopupBody, WireToppedUp
from antiphon.trust.routes import TrustRoutes
from antiphon.trust.wire import WireStanding

TEXT = "text/plain"


class Handlers(Struct, frozen=True):
    """What answers the rows of the table."""

    chat: tuple[tuple[Door, ChatRoutes], ...]
    text: tuple[tuple[Door, ChatRoutes], ...]
    embeddings: tuple[tuple[Door, EmbeddingRoutes], ...]
    responses: ResponseRoutes
    response_tokens: CountRoutes
    message_tokens: CountRoutes
    auth: AuthRoutes
    keys: KeyRoutes
    credits: CreditRoutes
    receipts: ReceiptRoutes
    earnings: EarningRoutes
    trust: TrustRoutes
    topup: TopupRoutes
    models: ModelRoutes
    nodes: NodeRoutes
    projects: ProjectRoutes
    interactions: InteractionRoutes
    export: ExportRoutes
    files: FileRoutes
    batches: BatchRoutes
    sessions: SessionRoutes
    campaigns: CampaignRoutes
    campaign_reports: ReportRoutes
    feedback_metrics: MetricRoutes
    messages: MessageRoutes
    channels: ChannelRoutes
    records: RecordRoutes
    graphql: GraphQLRoutes
    health: HealthRoutes
    pages: PageRoutes
    once: Once
    console: ConsoleHandlers | None = None


def table(handlers: Handlers, *, metrics_need_key: bool) -> Table:
    """All routes of the gateway."""
    health, pages = handlers.health, handlers.pages
    # A post is known again by its message, so it does without the claims of other keyed requests.
    made = Table(
        channel_rows(handlers.messages, handlers.channels) + _answered_once(handlers.once, (
            *(_chat(door, routes) for door, routes in handlers.chat),
            *(_text(door, routes) for door, routes in handlers.text),
            *(_embeddings(door, routes) for door, routes in handlers.embeddings),
            *response_rows(handlers.responses, handlers.response_tokens, handlers.message_tokens),
            *(row for door, _ in handlers.chat for row in _models(door, handlers.models) if door.chat),
            *_auth(handlers.auth),
            *_keys(handlers.keys),
            *_credits(handlers.credits),
            _receipt(handlers.receipts),
            _earnings(handlers.earnings),
            _topup(handlers.topup),
            *_nodes(handlers.nodes),
            *_trust(handlers.trust),
            *_projects(handlers.projects),
            *_interactions(handlers.interactions, handlers.sessions),
            _export(handlers.export),
            *batch_rows(handlers.files, handlers.batches),
            *campaign_rows(handlers.campaigns, handlers.campaign_reports),
            *_feedback_metrics(handlers.feedback_metrics),
            *_records(handlers.records),
            _graphql(handlers.graphql),
            *console_rows(handlers.console),
            Route("GET", "/livez", health.live, "Whether the process answers.", "health", key=False, media_type=TEXT),
            Route("GET", "/readyz", health.ready, "Whether at least one model can be served.", "health", key=False,
                  media_type=TEXT, statuses=(503,)),
            Route("GET", "/health", health.health, "A summary of all models.", "health", key=False, statuses=(503,)),
            Route("GET", "/metrics", health.metrics, "Prometheus metrics.", "health", key=metrics_need_key,
                  scope=None, media_type=TEXT),
            Route("GET", "/docs", pages.docs, "This reference for people.", "documents", key=False,
                  media_type="text/html"),
            Route("GET", "/openapi.json", pages.openapi, "The OpenAPI document.", "documents", key=False),
            Route("GET", "/docs/{page}", pages.page, "A page of the documentation, as it is written.", "documents",
                  key=False, media_type=TEXT, statuses=(404,)),
            Route("GET", "/llms.txt", pages.llms, "All pages and routes in a line each, for language models.",
                  "documents", key=False, media_type=TEXT),
            Route("GET", "/llms-full.txt", pages.llms_full, "The whole documentation in one text.", "documents",
                  key=False, media_type=TEXT),
        ))
    )  # fmt: skip
    pages.finish(made.routes, all_shapes(tuple(door for door, _ in handlers.chat)))
    return made


def all_shapes(doors: tuple[Door, ...]) -> tuple[tuple[str, ErrorShape], ...]:
    """Which errors stand below which addresses; those of GraphQL are those of the door beside it."""
    return (*shapes(doors), (GRAPHQL_PATH, "error"))


def _answered_once(once: Once, rows: tuple[Route, ...]) -> tuple[Route, ...]:
    """The rows, those that say so with a handler that answers a request once for its Idempotency-Key."""
    return tuple(replace(row, handler=once.wrap(row.handler)) if row.keyed else row for row in rows)


def _chat(door: Door, routes: ChatRoutes) -> Route:
    return Route(
        "POST",
        door.address,
        routes.chat,
        f"Generate a chat completion, plain or streamed ({door.title}).",
        "chat",
        request=door.dialect.BODY,
        response=door.dialect.ANSWER,
        statuses=(402, 403, 404, 408, 502, 504),
        streams=True,
        keyed=True,
        id_header=door.id_header,
    )


def _models(door: Door, models: ModelRoutes) -> tuple[Route, ...]:
    listed = f"List the models that this key may use ({door.title})."
    one = f"One model, by id or alias ({door.title})."
    return (
        Route("GET", f"{door.prefix}/models", models.list, listed, "models", response=WireModels),
        Route(
            "GET", f"{door.prefix}/models/{{model}}", models.get, one, "models", response=WireModel, statuses=(403, 404)
        ),
    )


def _text(door: Door, routes: ChatRoutes) -> Route:
    assert door.text is not None
    return Route(
        "POST",
        f"{door.prefix}/completions",
        routes.chat,
        f"Continue texts, plain or streamed ({door.title}).",
        "completions",
        request=door.text.BODY,
        response=door.text.ANSWER,
        statuses=(402, 403, 404, 408, 502, 504),
        streams=True,
        keyed=True,
    )


def _embeddings(door: Door, routes: EmbeddingRoutes) -> Route:
    assert door.embeddings is not None
    return Route(
        "POST",
        f"{door.prefix}/embeddings",
        routes.embed,
        f"Turn texts into vectors ({door.title}).",
        "embeddings",
        request=door.embeddings.BODY,
        response=door.embeddings.ANSWER,
        statuses=(402, 403, 404, 502, 504),
        keyed=True,
    )


def _auth(routes: AuthRoutes) -> tuple[Route, ...]:
    return (
        Route("POST", "/v1/auth/challenge", routes.challenge, "A text that a wallet signs to get a key.", "auth",
              key=False, request=accounts.ChallengeBody, response=accounts.WireChallenge, statuses=(403,)),
        Route("POST", "/v1/auth/wallet", routes.wallet, "Sign in with a signed text, and get a key.", "auth",
              key=False, request=accounts.WalletBody, response=accounts.WireSignedIn,
              statuses=(401, 403, 409, 429, 503)),
    )  # fmt: skip


def _keys(routes: KeyRoutes) -> tuple[Route, ...]:
    return (
        Route("GET", "/v1/keys", routes.list, "List the account's keys.", "keys", scope="keys",
              response=accounts.WireKeys, statuses=(403,)),
        Route("POST", "/v1/keys", routes.create, "Make a key, which may do no more than the one that asks.", "keys",
              scope="keys", request=accounts.KeyBody, response=accounts.WireMinted, success=201, statuses=(403, 409)),
        Route("DELETE", "/v1/keys/{key}", routes.revoke, "Revoke a key.", "keys", scope="keys", success=204,
              statuses=(403, 404)),
        Route("POST", "/v1/keys/{key}/rotate", routes.rotate, "Make a key's successor; both are good for a while.",
              "keys", scope="keys", request=accounts.RotationBody, response=accounts.WireMinted, success=201,
              statuses=(403, 404, 409)),
    )  # fmt: skip


def _credits(routes: CreditRoutes) -> tuple[Route, ...]:
    return (
        Route("GET", "/v1/credits/balance", routes.balance, "What the account has.", "credits", scope="credits",
              response=credit_wire.WireBalance),
        Route("GET", "/v1/credits/ledger", routes.ledger, "The account's history, the newest first.", "credits",
              scope="credits", query=LedgerQuery, response=credit_wire.WireLedger),
        Route("POST", "/v1/dev/faucet", routes.faucet, "Get play money, once a day, from a gateway in development.",
              "credits", scope="credits", response=credit_wire.WireGift),
    )  # fmt: skip


def _receipt(routes: ReceiptRoutes) -> Route:
    return Route("GET", "/v1/receipts/{receipt}", routes.get, "What a request took and was charged, by either id.",
                 "credits", scope="credits", response=WireReceipt, statuses=(404,))  # fmt: skip


def _earnings(routes: EarningRoutes) -> Route:
    return Route("GET", "/v1/earnings", routes.get, "What the nodes of the caller's wallet have earned.", "credits",
                 scope="credits", response=WireEarnings)  # fmt: skip


def _trust(routes: TrustRoutes) -> tuple[Route, ...]:
    return (
        Route("GET", "/v1/nodes/{node}/evidence", routes.evidence, "What a node was found to do, and how it stands.",
              "nodes", scope="admin", response=WireStanding, statuses=(403,)),
        Route("POST", "/v1/nodes/{node}/pardon", routes.pardon, "Let a node in quarantine serve again.", "nodes",
              scope="admin", response=WireStanding, statuses=(403, 404)),
    )  # fmt: skip


def _topup(routes: TopupRoutes) -> Route:
    return Route("POST", TOPUP_PATH, routes.topup, "Buy credits with USDC, by x402: first the price, then a payment.",
                 "credits", scope="credits", request=TopupBody, response=WireToppedUp,
                 statuses=(402, 403, 409), keyed=True, offer=RefusalV1)  # fmt: skip


def _nodes(routes: NodeRoutes) -> tuple[Route, ...]:
    return (
        Route("POST", "/v1/nodes/invites", routes.invite, "Invite a machine to become a node.", "nodes", scope="admin",
              request=nodes.InviteBody, response=nodes.WireInvite, success=201, statuses=(403, 409, 503)),
        Route("GET", "/v1/nodes/invites", routes.invites, "List the invites, without their tokens.", "nodes",
              scope="admin", response=nodes.WireInvites, statuses=(403,)),
        Route("DELETE", "/v1/nodes/invites/{invite}", routes.revoke, "Void an invite that nobody has used.", "nodes",
              scope="admin", success=204, statuses=(403, 404, 409)),
        Route("POST", "/v1/nodes/enrol", routes.enrol, "A machine with an invite becomes a node.", "nodes", key=False,
              request=nodes.EnrolBody, response=nodes.WireEnrolled, success=201, statuses=(401, 403, 409)),
        Route("POST", "/v1/nodes/lease", routes.let_in, "A node gets what it connects with.", "nodes", key=False,
              request=nodes.LeaseBody, response=nodes.WireLease, statuses=(401, 403, 409, 503)),
        Route("GET", "/v1/nodes", routes.list, "List the nodes, and how they are.", "nodes", scope="admin",
              response=nodes.WireNodes, statuses=(403,)),
        Route("GET", "/v1/nodes/{node}", routes.get, "One node, by id or name.", "nodes", scope="admin",
              response=nodes.WireNode, statuses=(403, 404)),
        Route("PATCH", "/v1/nodes/{node}", routes.change, "Rename, tag, drain, take back or ban a node.", "nodes",
              scope="admin", request=nodes.ChangeBody, response=nodes.WireNode, statuses=(403, 404, 409)),
        Route("DELETE", "/v1/nodes/{node}", routes.remove, "Remove a node; it takes an invite to come back.", "nodes",
              scope="admin", success=204, statuses=(403, 404)),
    )  # fmt: skip


def _projects(routes: ProjectRoutes) -> tuple[Route, ...]:
    return (
        Route("GET", "/v1/projects", routes.list, "List the projects that this key may use.", "projects",
              response=WireProjects),
        Route("POST", "/v1/projects", routes.create, "Make a project.", "projects", request=ProjectBody,
              response=WireProject, success=201, statuses=(403, 409)),
        Route("GET", "/v1/projects/{project}", routes.get, "One project, by id or key.", "projects",
              response=WireProject, statuses=(403, 404)),
        Route("PATCH", "/v1/projects/{project}", routes.update, "Change what the body names.", "projects",
              request=ProjectChangeBody, response=WireProject, statuses=(403, 404, 409)),
        Route("DELETE", "/v1/projects/{project}", routes.delete, "Forget a project; what was stored stays.", "projects",
              success=204, statuses=(403, 404, 409)),
    )  # fmt: skip


def _interactions(interactions: InteractionRoutes, sessions: SessionRoutes) -> tuple[Route, ...]:
    return (
        Route("GET", "/v1/interactions", interactions.list, "List stored completions by filters.", "interactions",
              query=ListingQuery, response=WireInteractions, statuses=(403, 404)),
        Route("DELETE", "/v1/interactions", interactions.delete_all, "Delete all that the filters let through.",
              "interactions", query=FilterQuery, response=WireDeleted, statuses=(403, 404)),
        Route("GET", "/v1/interactions/{completion_id}", interactions.get, "One stored completion.", "interactions",
              response=WireInteraction, statuses=(404,)),
        Route("DELETE", "/v1/interactions/{completion_id}", interactions.delete, "Delete one, with its feedback.",
              "interactions", success=204, statuses=(404,)),
        Route("GET", "/v1/sessions", sessions.list, "List sessions by their last turns.", "sessions",
              query=PagingQuery, response=WireSessions),
        Route("GET", "/v1/sessions/{session_id}", sessions.get, "A session with its turns.", "sessions",
              query=PagingQuery, response=WireSessionTurns, statuses=(404,)),
        Route("DELETE", "/v1/sessions/{session_id}", sessions.delete, "Delete all turns of a session.", "sessions",
              success=204, statuses=(404,)),
    )  # fmt: skip


def _export(routes: ExportRoutes) -> Route:
    return Route("GET", "/v1/interactions/export", routes.export, "Stored completions as lines for fine-tuning.",
                 "interactions", query=FilterQuery, media_type=LINES, statuses=(403, 404))  # fmt: skip


def _feedback_metrics(routes: MetricRoutes) -> tuple[Route, ...]:
    return (
        Route("GET", "/v1/feedback/metrics", routes.list, "List the account's metrics.", "feedback",
              response=WireMetrics),
        Route("POST", "/v1/feedback/metrics", routes.create, "Make a metric.", "feedback", request=MetricBody,
              response=WireMetric, success=201, statuses=(403, 409)),
        Route("GET", "/v1/feedback/metrics/{metric}", routes.get, "One metric, by id or key.", "feedback",
              response=WireMetric, statuses=(404,)),
    )  # fmt: skip


def _graphql(routes: GraphQLRoutes) -> Route:
    return Route("POST", GRAPHQL_PATH, routes.post, "Adaptive Engine's queries and mutations, by GraphQL.", "graphql",
                 request=GraphQLBody, response=GraphQLAnswer)  # fmt: skip


def _records(routes: RecordRoutes) -> tuple[Route, ...]:
    return (
        Route("POST", "/api/v1/interactions", routes.interaction, "Add a completion that came about elsewhere.",
              "interactions", request=bodies.InteractionBody, response=bodies.InteractionAdded, success=201,
              statuses=(403, 404)),
        Route("POST", "/api/v1/feedback", routes.feedback, "Give feedback on a stored completion.", "feedback",
              request=bodies.FeedbackBody, response=bodies.FeedbackAdded, success=201, statuses=(404,)),
        Route("POST", "/api/v1/comparison", routes.comparison, "Say which of two completions is better.", "feedback",
              request=bodies.ComparisonBody, response=bodies.ComparisonAdded, success=201, statuses=(403, 404, 409)),
        Route("POST", "/api/v1/outcome", routes.outcome, "Give feedback on a whole session.", "feedback",
              request=bodies.OutcomeBody, response=bodies.OutcomeAdded, success=201, statuses=(403, 404)),
    )  # fmt: skip
