"""/v1/feedback/metrics: any key reads its account's metrics; to make one takes the scope `admin`."""

from __future__ import annotations

from typing import Literal, cast

import msgspec
from msgspec import Struct

from antiphon.feedback.metrics import FeedbackMetrics
from antiphon.feedback.model import Kind, Metric, ScoringType
from antiphon.http.decode import decode
from antiphon.http.exchange import JSON, Exchange, require_admin, require_key


class MetricBody(Struct, forbid_unknown_fields=True):
    """A metric to be made; without a name it has its key's. Words of an enumeration in either case."""

    key: str
    kind: Literal["BOOL", "SCALAR", "bool", "scalar"]
    name: str | None = None
    scoring_type: Literal["HIGHER_IS_BETTER", "LOWER_IS_BETTER", "higher_is_better", "lower_is_better"] | None = None
    description: str | None = None


class WireMetric(Struct):
    """A metric. A `BOOL` one takes 0, 1, true and false, a `SCALAR` one any finite number."""

    id: str
    key: str
    name: str
    kind: str
    scoring_type: str
    description: str
    created_at_ms: int
    object: str = "metric"


class WireMetrics(Struct):
    """The list."""

    data: list[WireMetric]
    object: str = "list"


_body = msgspec.json.Decoder(MetricBody)


class MetricRoutes:
    """The metrics of the caller's account, by id or key."""

    def __init__(self, metrics: FeedbackMetrics) -> None:
        self._metrics = metrics

    async def list(self, exchange: Exchange) -> None:
        """All of them."""
        found = await self._metrics.list(require_key(exchange).account)
        exchange.respond(200, msgspec.json.encode(WireMetrics([_wire(metric) for metric in found])), JSON)

    async def get(self, exchange: Exchange) -> None:
        """One."""
        found = await self._metrics.get(require_key(exchange).account, exchange.parameter)
        exchange.respond(200, msgspec.json.encode(_wire(found)), JSON)

    async def create(self, exchange: Exchange) -> None:
        """Make one."""
        key = require_admin(exchange)
        body = decode(await exchange.body(), _body)
        draft = Metric(
            id="",
            account=key.account,
            key=body.key,
            name=body.name or body.key,
            kind=cast("Kind", body.kind.upper()),
            scoring_type=cast("ScoringType", (body.scoring_type or "HIGHER_IS_BETTER").upper()),
            description=body.description or "",
        )
        exchange.respond(201, msgspec.json.encode(_wire(await self._metrics.create(draft))), JSON)


def _wire(metric: Metric) -> WireMetric:
    return WireMetric(
        metric.id,
        metric.key,
        metric.name,
        metric.kind,
        metric.scoring_type,
        metric.description,
        metric.created_at_ms,
    )
