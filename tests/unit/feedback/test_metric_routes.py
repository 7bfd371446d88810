"""The routes of metrics, from the bytes in to the bytes out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.errors import BadRequest, Conflict, NotFound, PermissionDenied
from antiphon.feedback.metric_routes import MetricRoutes
from antiphon.feedback.metrics import FeedbackMetrics
from antiphon.key import ADMIN, Key
from tests.unit.http.recording import RecordingWire, exchange_of

ROOT, USER, OTHER = Key("root", scopes=ADMIN), Key("user", account_name="root"), Key("other", scopes=ADMIN)


async def ask(
    routes: MetricRoutes, key: Key, *, name: str = "", body: dict[str, Any] | None = None
) -> RecordingWire:  # Any: JSON
    """What the connection saw of an answer; a refusal is raised."""
    exchange, wire = exchange_of("GET" if body is None else "POST", "/v1/feedback/metrics")
    exchange.key, exchange.parameter = key, name
    if body is not None:
        exchange.add(json.dumps(body).encode(), 1_000_000)
        await routes.create(exchange)
    else:
        await (routes.get(exchange) if name else routes.list(exchange))
    return wire


async def test_the_life_of_a_metric(metrics: FeedbackMetrics) -> None:
    """Made by an administrator, read by every key of the account, unknown to others."""
    routes = MetricRoutes(metrics)
    made = await ask(routes, ROOT, body={"key": "liked", "kind": "bool"})
    assert made.status == 201
    told = json.loads(made.body)
    assert told == {
        "id": told["id"],
        "object": "metric",
        "key": "liked",
        "name": "liked",
        "kind": "BOOL",
        "scoring_type": "HIGHER_IS_BETTER",
        "description": "",
        "created_at_ms": 1_700_000_000_000,
    }
    for name in ("liked", told["id"]):
        assert json.loads((await ask(routes, USER, name=name)).body) == told
    assert json.loads((await ask(routes, USER)).body) == {"object": "list", "data": [told]}
    assert json.loads((await ask(routes, OTHER)).body)["data"] == []
    with pytest.raises(NotFound):
        await ask(routes, OTHER, name="liked")
    with pytest.raises(Conflict):
        await ask(routes, ROOT, body={"key": "liked", "kind": "SCALAR"})


async def test_all_fields_of_a_metric(metrics: FeedbackMetrics) -> None:
    """In either case of the enumerations."""
    body = {
        "key": "seconds",
        "kind": "SCALAR",
        "name": "Time to solve",
        "scoring_type": "lower_is_better",
        "description": "As the user says",
    }
    told = json.loads((await ask(MetricRoutes(metrics), ROOT, body=body)).body)
    assert (told["kind"], told["scoring_type"]) == ("SCALAR", "LOWER_IS_BETTER")
    assert (told["name"], told["description"]) == ("Time to solve", "As the user says")


async def test_only_an_administrator_makes_one(metrics: FeedbackMetrics) -> None:
    """Before the body is looked at."""
    with pytest.raises(PermissionDenied, match="admin"):
        await ask(MetricRoutes(metrics), USER, body={})


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"kind": "BOOL"}, "key"),
        ({"key": "k"}, "kind"),
        ({"key": "k", "kind": "Bool"}, "kind"),
        ({"key": "k", "kind": "BOOL", "scoring_type": "best"}, "scoring_type"),
        ({"key": "a b", "kind": "BOOL"}, "key"),
        ({"key": "k", "kind": "BOOL", "extra": 1}, "extra"),
    ],
)
async def test_wrong_fields_are_named(metrics: FeedbackMetrics, body: dict[str, Any], param: str) -> None:
    """Also those that there are not."""
    with pytest.raises(BadRequest) as refused:
        await ask(MetricRoutes(metrics), ROOT, body=body)
    assert refused.value.param == param
