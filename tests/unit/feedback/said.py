"""Metrics and feedback for tests: complete ones, with ids that repeat."""

from __future__ import annotations

from typing import Any

from antiphon.db import Connection, Database
from antiphon.feedback import metric_store
from antiphon.feedback.model import Comparison, Feedback, Metric, Outcome
from tests.unit.interactions.stored import NOW_MS, uuid

LIKED, STARS, FOREIGN = uuid(101), uuid(102), uuid(103)


def metric(metric_id: str, key: str, **changes: Any) -> Metric:  # Any: fields of several types
    """A metric of Ann's; `changes` are its fields."""
    fields: dict[str, Any] = {"account": "ann", "name": key.title(), "kind": "BOOL", "created_at_ms": NOW_MS}
    return Metric(id=metric_id, key=key, **(fields | changes))


METRICS = (
    metric(LIKED, "liked"),
    metric(STARS, "stars", kind="SCALAR", created_at_ms=NOW_MS + 1),
    metric(FOREIGN, "liked", account="bob"),
)


async def keep_metrics(database: Database) -> None:
    """Put them straight into the database."""

    def work(connection: Connection) -> None:
        for one in METRICS:
            assert metric_store.insert(connection, one)

    await database.write(work)


def feedback(number: int, completion: int, **changes: Any) -> Feedback:  # Any: fields of several types
    """Feedback of Ann's."""
    fields: dict[str, Any] = {
        "id": uuid(200 + number),
        "account": "ann",
        "completion_id": uuid(completion),
        "metric_id": LIKED,
        "value": 1.0,
        "created_at_ms": NOW_MS,
        "recorded_at_ms": NOW_MS + number,
    }
    return Feedback(**(fields | changes))


def comparison(number: int, preferred: int, other: int, **changes: Any) -> Comparison:  # Any: as above
    """A comparison of Ann's."""
    fields: dict[str, Any] = {
        "id": uuid(300 + number),
        "account": "ann",
        "project_id": "p",
        "metric_id": LIKED,
        "preferred_id": uuid(preferred),
        "other_id": uuid(other),
        "created_at_ms": NOW_MS + number,
    }
    return Comparison(**(fields | changes))


def outcome(number: int, session_id: str, **changes: Any) -> Outcome:  # Any: as above
    """An outcome of Ann's."""
    fields: dict[str, Any] = {
        "id": uuid(400 + number),
        "account": "ann",
        "project_id": "p",
        "metric_id": STARS,
        "session_id": session_id,
        "value": 2.5,
        "created_at_ms": NOW_MS + number,
    }
    return Outcome(**(fields | changes))
