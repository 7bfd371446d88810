"""Adaptive Engine's records: POST /api/v1/interactions, /feedback, /comparison and /outcome, each answered by 201."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from antiphon.clock import Clock
from antiphon.feedback import bodies
from antiphon.feedback.bodies import ComparisonBody, FeedbackBody, InteractionBody, OutcomeBody, WireFeedback
from antiphon.feedback.comparing import Comparisons, Preference, Written
from antiphon.feedback.service import Feedbacks, Given
from antiphon.http.decode import decode
from antiphon.http.exchange import JSON, Exchange, require_key
from antiphon.ids import Ids
from antiphon.interactions.access import find_project, reach
from antiphon.interactions.model import Answer, Interaction, check_labels
from antiphon.projects.service import Projects

DOOR = "adaptive"

Join = Callable[[Interaction, str], Interaction]  # as one of the campaign of that id or key

_interaction = msgspec.json.Decoder(InteractionBody)
_feedback = msgspec.json.Decoder(FeedbackBody)
_comparison = msgspec.json.Decoder(ComparisonBody)
_outcome = msgspec.json.Decoder(OutcomeBody)


class RecordRoutes:
    """What is added to what the gateway stored by itself, or to nothing. `join` refuses what is of no campaign."""

    def __init__(
        self,
        feedbacks: Feedbacks,
        comparisons: Comparisons,
        projects: Projects,
        *,
        join: Join,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._feedbacks = feedbacks
        self._comparisons = comparisons
        self._projects = projects
        self._join = join
        self._clock = clock
        self._ids = ids

    async def interaction(self, exchange: Exchange) -> None:
        """Keep a completion that came about elsewhere, with its feedback."""
        body = decode(await exchange.body(), _interaction)
        key = require_key(exchange)
        project = find_project(bodies.named_project(body), key, self._projects.by_name, "project")
        labels = body.labels or {}
        check_labels(labels, "labels")
        now_ms = int(self._clock.now() * 1000)
        session_id = body.session_id or self._ids.uuid()
        row = Interaction(
            completion_id=self._ids.uuid(),
            account=key.account,
            created_at_ms=bodies.moment_ms(body.created_at, now_ms, "created_at"),
            messages=bodies.messages(body.messages),
            completion=Answer(body.completion),
            source="OFFLINE",
            project_id=project.id,
            door=DOOR,
            request_id=exchange.request_id,
            model=body.model_service,
            session_id=session_id,
            user=body.user,
            labels=labels,
        )
        if body.ab_campaign is not None:
            row = self._join(row, body.ab_campaign)
        given = [_given(one, body.user, now_ms, i) for i, one in enumerate(body.feedbacks or ())]
        feedback_ids = await self._feedbacks.add(row, given)
        _respond(exchange, bodies.InteractionAdded(row.completion_id, session_id, feedback_ids))

    async def feedback(self, exchange: Exchange) -> None:
        """Keep a metric's value for a stored completion."""
        body = decode(await exchange.body(), _feedback)
        given = Given(metric=body.metric, value=body.value, user=body.user_id, reason=body.reason, details=body.details)
        seen = reach(require_key(exchange), self._projects.by_name)
        feedback_id = await self._feedbacks.give(seen, body.completion_id, given)
        _respond(exchange, bodies.FeedbackAdded(feedback_id))

    async def comparison(self, exchange: Exchange) -> None:
        """Keep which of two completions of one prompt is the better."""
        body = decode(await exchange.body(), _comparison)
        key = require_key(exchange)
        known = self._projects.by_name
        given = Preference(
            metric=body.metric,
            project=find_project(bodies.named_project(body), key, known, "project"),
            preferred=_side(body.preferred_completion),
            other=_side(body.other_completion),
            messages=bodies.messages(body.messages),
            tied=body.tied,
            user=body.user_id,
        )
        comparison_id = await self._comparisons.compare(reach(key, known), given)
        _respond(exchange, bodies.ComparisonAdded(comparison_id))

    async def outcome(self, exchange: Exchange) -> None:
        """Keep a metric's value for a whole session."""
        body = decode(await exchange.body(), _outcome)
        key = require_key(exchange)
        known = self._projects.by_name
        project = find_project(body.project_id, key, known, "project_id")
        given = Given(metric=body.metric, value=body.value, user=body.user_id)
        outcome_id = await self._feedbacks.conclude(reach(key, known), project, body.session_id, given)
        _respond(exchange, bodies.OutcomeAdded(outcome_id))


def _given(wire: WireFeedback, user: str | None, now_ms: int, i: int) -> Given:
    return Given(
        metric=wire.metric,
        value=wire.value,
        user=user,
        reason=wire.reason,
        details=wire.details,
        created_at_ms=bodies.moment_ms(wire.created_at, now_ms, f"feedbacks[{i}].created_at"),
    )


def _side(wire: str | bodies.WrittenCompletion) -> str | Written:
    return wire if isinstance(wire, str) else Written(wire.text, wire.model)


def _respond(exchange: Exchange, added: Struct) -> None:
    exchange.respond(201, msgspec.json.encode(added), JSON)
