"""What people say of completions and sessions: checked against what is stored, kept with its history."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from antiphon.clock import Clock
from antiphon.db import Connection, ConstraintBroken, Database
from antiphon.feedback import store
from antiphon.feedback.lookup import completion, gone, stored
from antiphon.feedback.metrics import find_metric
from antiphon.feedback.model import Feedback, Outcome, score
from antiphon.ids import Ids
from antiphon.interactions import session_store
from antiphon.interactions import store as interaction_store
from antiphon.interactions.model import Interaction, Reach, kept_rows
from antiphon.interactions.patience import Patience
from antiphon.interactions.service import Interactions
from antiphon.interactions.sessions import missing as missing_session
from antiphon.projects.model import Project


class Given(Struct, frozen=True, kw_only=True):
    """A metric's value as somebody gives it; `metric` is an id or a key. No `created_at_ms`: now."""

    metric: str
    value: float
    user: str | None = None
    reason: str | None = None
    details: str | None = None
    created_at_ms: int | None = None


class Feedbacks:
    """Feedback on completions and outcomes of sessions. What is said of a completion waits until that is written."""

    def __init__(
        self,
        database: Database,
        interactions: Interactions,
        *,
        clock: Clock,
        ids: Ids,
        patience: Patience = Patience(),
    ) -> None:
        self._database = database
        self._interactions = interactions
        self._patience = patience
        self._clock = clock
        self._ids = ids

    async def give(self, reach: Reach, completion_id: str, given: Given) -> str:
        """Keep feedback; its id. What the same user said before is history, and the same said again changes nothing."""
        completion_id = completion(completion_id, "completion_id")
        await self._interactions.settled(completion_id)
        feedback_id, now_ms = self._ids.uuid(), self._now_ms()

        def work(connection: Connection) -> str:
            row = stored(connection, reach, completion_id, "completion_id")
            return _keep(connection, row, given, feedback_id, now_ms)

        try:
            return await self._patience.attempt(lambda: self._database.write(work))
        except ConstraintBroken:  # somebody deleted it at this very moment
            raise gone(completion_id, "completion_id") from None

    async def add(self, row: Interaction, given: Sequence[Given]) -> list[str]:
        """Keep an interaction with its feedback, all or nothing; the ids of the feedback."""
        feedback_ids, now_ms = [self._ids.uuid() for _ in given], self._now_ms()
        (made,) = kept_rows([replace(row, kept_at_ms=now_ms)])

        def work(connection: Connection) -> list[str]:
            interaction_store.insert(connection, made)
            return [
                _keep(connection, made, one, feedback_ids[number], now_ms, f"feedbacks[{number}].")
                for number, one in enumerate(given)
            ]

        return await self._database.write(work)

    async def conclude(self, reach: Reach, project: Project, session_id: str, given: Given) -> str:
        """Keep the outcome of a session; its id. What the same user said of it before is history."""
        await self._interactions.all_settled()
        outcome_id, now_ms = self._ids.uuid(), self._now_ms()

        def work(connection: Connection) -> str:
            metric = find_metric(connection, reach.account, given.metric)
            value = score(metric, given.value, "value")
            if not session_store.exists(connection, reach, session_id):
                raise missing_session(session_id)
            outcome = Outcome(
                id=outcome_id,
                account=reach.account,
                project_id=project.id,
                metric_id=metric.id,
                session_id=session_id,
                value=value,
                user=given.user,
                created_at_ms=now_ms,
            )
            store.insert_outcome(connection, outcome)
            return outcome_id

        try:
            return await self._patience.attempt(lambda: self._database.write(work))
        except ConstraintBroken:
            raise missing_session(session_id) from None

    async def of(self, account: str, completion_ids: Sequence[str]) -> tuple[Feedback, ...]:
        """What stands of these completions of the account."""
        return await self._database.read(lambda connection: store.feedback_of(connection, account, completion_ids))

    async def history(self, account: str, completion_id: str) -> tuple[Feedback, ...]:
        """All that was ever said of a completion of the account."""
        return await self._database.read(lambda connection: store.history_of(connection, account, completion_id))

    async def outcomes(self, account: str, session_id: str) -> tuple[Outcome, ...]:
        """What stands of a session of the account."""
        return await self._database.read(lambda connection: store.outcomes_of(connection, account, session_id))

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)


def _keep(
    connection: Connection, row: Interaction, given: Given, feedback_id: str, now_ms: int, place: str = ""
) -> str:
    """The id under which it is kept; `place` is where in the body it stands."""
    metric = find_metric(connection, row.account, given.metric, f"{place}metric")
    value = score(metric, given.value, f"{place}value")
    before = store.standing(connection, row.completion_id, metric.id, given.user)
    said = (value, given.reason, given.details)
    if before is not None and said == (before.value, before.reason, before.details):
        return before.id
    feedback = Feedback(
        id=feedback_id,
        account=row.account,
        completion_id=row.completion_id,
        metric_id=metric.id,
        value=value,
        user=given.user,
        reason=given.reason,
        details=given.details,
        created_at_ms=now_ms if given.created_at_ms is None else given.created_at_ms,
        recorded_at_ms=now_ms,
    )
    # By this gateway's clock alone nothing is late: another's may be a little ahead.
    late = before is not None and given.created_at_ms is not None and given.created_at_ms < before.created_at_ms
    store.insert_feedback(connection, feedback, late=late)
    return feedback_id
