"""Adaptive's records, from the bytes in to the bytes out: the exact bodies, and 201 for each."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.errors import BadRequest, NotFound, PermissionDenied, ProjectNotFound
from antiphon.feedback.comparing import Comparisons
from antiphon.feedback.routes import RecordRoutes
from antiphon.feedback.service import Feedbacks
from antiphon.http.exchange import Exchange
from antiphon.ids import Ids
from antiphon.interactions.model import Interaction
from antiphon.interactions.service import Interactions
from antiphon.key import Key
from tests.unit.feedback.said import STARS
from tests.unit.http.recording import exchange_of
from tests.unit.interactions.stored import ANN as ANNS
from tests.unit.interactions.stored import row, uuid
from tests.unit.projects.gateway_projects import SET, projects_of

ANN, BOB = Key("ann"), Key("bob")
LIMITED = Key("limited", projects=frozenset({"default"}), account_name="ann")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ASKED = [{"role": "user", "content": "Hello"}]
SESSION = uuid(70)


async def post(
    handler: Callable[[Exchange], Awaitable[None]], body: dict[str, Any], key: Key = ANN
) -> dict[str, Any]:  # Any: JSON
    """The JSON of an answer with the status 201; a refusal is raised."""
    exchange, wire = exchange_of("POST", "/api/v1/feedback")
    exchange.key = key
    exchange.request_id = "req_1"
    exchange.add(json.dumps(body).encode(), 1_000_000)
    await handler(exchange)
    assert wire.status == 201
    answer: dict[str, Any] = json.loads(wire.body)
    return answer


@pytest.fixture
async def routes(
    database: Database, feedbacks: Feedbacks, comparisons: Comparisons, clock: ManualClock
) -> RecordRoutes:
    """The routes over a database with metrics."""
    return RecordRoutes(feedbacks, comparisons, await projects_of(database), join=join, clock=clock, ids=Ids())


def join(added: Interaction, name: str) -> Interaction:
    """All campaigns are there, and named by their keys."""
    return replace(added, campaign=name, variant="v", unit=7)


async def test_an_interaction_is_added(routes: RecordRoutes, interactions: Interactions, feedbacks: Feedbacks) -> None:
    """With everything that the documents show."""
    answer = await post(
        routes.interaction,
        {
            "project": "set",
            "messages": ASKED,
            "completion": "Hi",
            "model_service": "qwen3.5:9b",
            "feedbacks": [
                {"metric": "liked", "value": True},
                {
                    "metric": STARS,
                    "value": 4.5,
                    "reason": "Style",
                    "details": "Nice.",
                    "created_at": "2023-11-01T00:00:00Z",
                },
            ],
            "user": uuid(60),
            "session_id": SESSION,
            "created_at": "2023-11-01T00:00:00Z",
            "ab_campaign": "c",
            "labels": {"env": "prod"},
        },
    )
    assert sorted(answer) == ["completion_id", "feedback_ids", "session_id"]
    assert answer["session_id"] == SESSION
    assert len(answer["feedback_ids"]) == 2
    assert all(UUID.fullmatch(one) for one in [answer["completion_id"], *answer["feedback_ids"]])
    kept = await interactions.get(ANNS, answer["completion_id"])
    assert (kept.source, kept.door, kept.project_id, kept.model) == ("OFFLINE", "adaptive", SET.id, "qwen3.5:9b")
    assert (kept.user, kept.session_id, kept.labels) == (uuid(60), SESSION, {"env": "prod"})
    assert (kept.campaign, kept.variant, kept.unit) == ("c", "v", 7)
    assert (kept.created_at_ms, kept.request_id, kept.completion.text) == (1_698_796_800_000, "req_1", "Hi")
    said = {one.metric_id: one for one in await feedbacks.of("ann", [answer["completion_id"]])}
    assert (said[STARS].value, said[STARS].reason, said[STARS].details) == (4.5, "Style", "Nice.")
    assert (said[STARS].created_at_ms, said[STARS].user) == (1_698_796_800_000, uuid(60))


async def test_the_least_interaction_is_added(routes: RecordRoutes) -> None:
    """It gets a session of its own; nulls mean nothing."""
    least = {"project": SET.id, "messages": ASKED, "completion": ""}
    nulls = {"feedbacks": None, "user": None, "session_id": None, "created_at": None, "labels": None, "extra": 1}
    for body in (least, least | nulls):
        answer = await post(routes.interaction, body)
        assert UUID.fullmatch(answer["session_id"])
        assert answer["feedback_ids"] == []


async def test_feedback_is_added(routes: RecordRoutes, interactions: Interactions, feedbacks: Feedbacks) -> None:
    """To what an answer called `completion_id`."""
    interactions.record([row(1)])
    body = {"value": 1, "completion_id": uuid(1), "metric": "liked", "user_id": uuid(60)}
    answer = await post(routes.feedback, body | {"reason": "WrongAnswer", "details": "No."})
    (kept,) = await feedbacks.of("ann", [uuid(1)])
    assert answer == {"feedback_id": kept.id}
    assert (kept.user, kept.reason, kept.details) == (uuid(60), "WrongAnswer", "No.")
    with pytest.raises(BadRequest, match="^completion_id: "):
        await post(routes.feedback, body | {"completion_id": "chatcmpl-1"})
    with pytest.raises(BadRequest, match="^reason: "):
        await post(routes.feedback, body | {"reason": "Other"})
    with pytest.raises(NotFound):
        await post(routes.feedback, body, BOB)


async def test_a_comparison_is_added(
    routes: RecordRoutes, interactions: Interactions, comparisons: Comparisons
) -> None:
    """Of ids or of texts."""
    interactions.record([row(1), row(2)])
    body = {"metric": "liked", "preferred_completion": uuid(1), "other_completion": uuid(2), "project": "set"}
    answer = await post(routes.comparison, body | {"tied": "bad", "user_id": uuid(60)})
    (kept,) = await comparisons.of("ann", [uuid(1)])
    assert answer == {"comparison_id": kept.id}
    assert (kept.tied, kept.user, kept.project_id) == ("bad", uuid(60), SET.id)
    texts = {"preferred_completion": {"text": "a", "model": "m"}, "other_completion": {"text": "b", "model": "n"}}
    assert UUID.fullmatch((await post(routes.comparison, body | texts | {"messages": ASKED}))["comparison_id"])
    with pytest.raises(BadRequest, match="^messages: required"):
        await post(routes.comparison, body | texts)


async def test_an_outcome_is_added(routes: RecordRoutes, interactions: Interactions, feedbacks: Feedbacks) -> None:
    """To a session with stored turns."""
    interactions.record([row(1, session_id=SESSION)])
    body = {"value": 0.5, "metric": "stars", "project_id": "set", "session_id": SESSION}
    answer = await post(routes.outcome, body | {"user_id": uuid(60)})
    (kept,) = await feedbacks.outcomes("ann", SESSION)
    assert answer == {"outcome_id": kept.id}
    assert (kept.value, kept.user, kept.project_id) == (0.5, uuid(60), SET.id)
    with pytest.raises(NotFound, match="has no stored turns"):
        await post(routes.outcome, body | {"session_id": uuid(71)})
    with pytest.raises(BadRequest, match="^session_id: "):
        await post(routes.outcome, body | {"session_id": "s1"})


async def test_a_project_is_needed(routes: RecordRoutes) -> None:
    """One that there is, and that the key may use."""
    body = {"messages": ASKED, "completion": "Hi"}
    with pytest.raises(BadRequest, match="^project: required"):
        await post(routes.interaction, body)
    with pytest.raises(ProjectNotFound, match="^project 'other'"):
        await post(routes.interaction, body | {"project": "other"})
    with pytest.raises(PermissionDenied):
        await post(routes.interaction, body | {"project": "set"}, LIMITED)
    await post(routes.interaction, body | {"use_case": "default"}, LIMITED)


async def test_labels_have_bounds(routes: RecordRoutes) -> None:
    """Beyond them they could not be looked for."""
    body = {"project": "set", "messages": ASKED, "completion": "Hi", "labels": {"k": "v" * 600}}
    with pytest.raises(BadRequest, match="^labels: "):
        await post(routes.interaction, body)
