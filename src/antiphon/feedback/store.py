"""Feedback, comparisons and outcomes in the database. Plain functions over a connection, called within a work.

Each is kept as it was said; beside it stands which one counts, the last of each user on each subject, and what of that
campaigns count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from antiphon.db import Connection, Row, Value
from antiphon.feedback.counted import count_comparison, count_feedback, count_outcome
from antiphon.feedback.model import Comparison, Feedback, Outcome

FEEDBACK = "id, account, completion_id, metric_id, value, user_id, reason, details, created_at_ms, recorded_at_ms"
COMPARISON = "id, account, project_id, metric_id, preferred_id, other_id, tied, user_id, created_at_ms"
OUTCOME = "id, account, project_id, metric_id, session_id, value, user_id, created_at_ms"


def standing(connection: Connection, completion_id: str, metric_id: str, user: str | None) -> Feedback | None:
    """What the user's last word on that completion by that metric was."""
    row = connection.one(
        f"SELECT {_of('f', FEEDBACK)} FROM feedback_standing AS s JOIN feedback AS f ON f.id = s.feedback_id"
        " WHERE s.completion_id = :completion_id AND s.metric_id = :metric_id AND s.user_id = :user_id",
        completion_id=completion_id,
        metric_id=metric_id,
        user_id=user or "",
    )
    return None if row is None else _feedback(row)


def insert_feedback(connection: Connection, given: Feedback, *, late: bool = False) -> None:
    """Keep it, and let it stand in place of what the user said before; one that is late is history at once."""
    values: dict[str, Value] = {
        "id": given.id,
        "account": given.account,
        "completion_id": given.completion_id,
        "metric_id": given.metric_id,
        "value": given.value,
        "user_id": given.user or "",
        "reason": given.reason,
        "details": given.details,
        "created_at_ms": given.created_at_ms,
        "recorded_at_ms": given.recorded_at_ms,
    }
    connection.run(f"INSERT INTO feedback ({FEEDBACK}) VALUES ({_places(FEEDBACK)})", **values)
    if late:
        return
    connection.run(
        "INSERT INTO feedback_standing (completion_id, metric_id, user_id, feedback_id)"
        " VALUES (:completion_id, :metric_id, :user_id, :id)"
        " ON CONFLICT (completion_id, metric_id, user_id) DO UPDATE SET feedback_id = excluded.feedback_id",
        **{name: values[name] for name in ("completion_id", "metric_id", "user_id", "id")},
    )
    count_feedback(connection, given)


def feedback_of(connection: Connection, account: str, completion_ids: Sequence[str]) -> tuple[Feedback, ...]:
    """What stands of these completions, in the order in which it came."""
    places, values = _several(completion_ids)
    rows = connection.all(
        f"SELECT {_of('f', FEEDBACK)} FROM feedback_standing AS s JOIN feedback AS f ON f.id = s.feedback_id"
        f" WHERE s.completion_id IN ({places}) AND f.account = :account ORDER BY f.recorded_at_ms, f.id",
        account=account,
        **values,
    )
    return tuple(_feedback(row) for row in rows)


def history_of(connection: Connection, account: str, completion_id: str) -> tuple[Feedback, ...]:
    """All that was ever said of a completion, in the order in which it came."""
    rows = connection.all(
        f"SELECT {FEEDBACK} FROM feedback WHERE completion_id = :completion_id AND account = :account"
        " ORDER BY recorded_at_ms, id",
        completion_id=completion_id,
        account=account,
    )
    return tuple(_feedback(row) for row in rows)


def insert_comparison(connection: Connection, given: Comparison) -> None:
    """Keep it, and let it stand in place of what the user said of the two before, whichever was preferred."""
    values: dict[str, Value] = {
        "id": given.id,
        "account": given.account,
        "project_id": given.project_id,
        "metric_id": given.metric_id,
        "preferred_id": given.preferred_id,
        "other_id": given.other_id,
        "tied": given.tied,
        "user_id": given.user or "",
        "created_at_ms": given.created_at_ms,
    }
    connection.run(f"INSERT INTO comparisons ({COMPARISON}) VALUES ({_places(COMPARISON)})", **values)
    first, second = sorted((given.preferred_id, given.other_id))
    connection.run(
        "INSERT INTO comparisons_standing (first_id, second_id, metric_id, user_id, comparison_id)"
        " VALUES (:first_id, :second_id, :metric_id, :user_id, :id)"
        " ON CONFLICT (first_id, second_id, metric_id, user_id) DO UPDATE SET comparison_id = excluded.comparison_id",
        first_id=first,
        second_id=second,
        **{name: values[name] for name in ("metric_id", "user_id", "id")},
    )
    count_comparison(connection, given)


def comparisons_of(connection: Connection, account: str, completion_ids: Sequence[str]) -> tuple[Comparison, ...]:
    """The standing comparisons in which these completions take part, in the order in which they were made."""
    places, values = _several(completion_ids)
    rows = connection.all(
        f"SELECT {_of('c', COMPARISON)} FROM comparisons_standing AS s JOIN comparisons AS c ON c.id = s.comparison_id"
        f" WHERE (s.first_id IN ({places}) OR s.second_id IN ({places})) AND c.account = :account"
        " ORDER BY c.created_at_ms, c.id",
        account=account,
        **values,
    )
    return tuple(_comparison(row) for row in rows)


def insert_outcome(connection: Connection, given: Outcome) -> None:
    """Keep it, and let it stand in place of what the user said of the session before."""
    values: dict[str, Value] = {
        "id": given.id,
        "account": given.account,
        "project_id": given.project_id,
        "metric_id": given.metric_id,
        "session_id": given.session_id,
        "value": given.value,
        "user_id": given.user or "",
        "created_at_ms": given.created_at_ms,
    }
    connection.run(f"INSERT INTO outcomes ({OUTCOME}) VALUES ({_places(OUTCOME)})", **values)
    connection.run(
        "INSERT INTO outcomes_standing (account, session_id, metric_id, user_id, outcome_id)"
        " VALUES (:account, :session_id, :metric_id, :user_id, :id)"
        " ON CONFLICT (account, session_id, metric_id, user_id) DO UPDATE SET outcome_id = excluded.outcome_id",
        **{name: values[name] for name in ("account", "session_id", "metric_id", "user_id", "id")},
    )
    count_outcome(connection, given)


def outcomes_of(connection: Connection, account: str, session_id: str) -> tuple[Outcome, ...]:
    """What stands of a session, in the order in which it was said."""
    rows = connection.all(
        f"SELECT {_of('o', OUTCOME)} FROM outcomes_standing AS s JOIN outcomes AS o ON o.id = s.outcome_id"
        " WHERE s.account = :account AND s.session_id = :session_id ORDER BY o.created_at_ms, o.id",
        account=account,
        session_id=session_id,
    )
    return tuple(_outcome(row) for row in rows)


def _of(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{name}" for name in columns.split(", "))


def _places(columns: str) -> str:
    return ", ".join(f":{name}" for name in columns.split(", "))


def _several(ids: Sequence[str]) -> tuple[str, dict[str, Value]]:
    """Places and values for a list of ids; a place that no id has for an empty one."""
    values: dict[str, Value] = {f"id{number}": one for number, one in enumerate(ids or ("",))}
    return ", ".join(f":{name}" for name in values), values


def _feedback(row: Row) -> Feedback:
    return Feedback(**_named(FEEDBACK, row))


def _comparison(row: Row) -> Comparison:
    return Comparison(**_named(COMPARISON, row))


def _outcome(row: Row) -> Outcome:
    return Outcome(**_named(OUTCOME, row))


def _named(columns: str, row: Row) -> dict[str, Any]:  # Any: columns of several types
    """The row by field names; nobody in particular is None again."""
    named = dict(zip(columns.split(", "), row, strict=True))
    named["user"] = named.pop("user_id") or None
    return named
