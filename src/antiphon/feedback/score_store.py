"""What scores come to, in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from antiphon.db import Connection, Row
from antiphon.interactions.group_store import COLUMNS, GroupBy
from antiphon.interactions.model import Filter, Reach
from antiphon.interactions.query import Query


class ScoreStatistics(Struct, frozen=True):
    """What stands of one metric in one group; `stddev` is that of these values themselves."""

    group: str | None
    metric_id: str
    count: int
    average: float
    minimum: float
    maximum: float
    stddev: float
    total: float


def statistics(
    connection: Connection, reach: Reach, wanted: Filter, by: GroupBy, groups: Sequence[str | None]
) -> tuple[ScoreStatistics, ...]:
    """What stands of each metric in each of the groups of those that the filter lets through."""
    query = Query(reach, wanted)
    places = {f"group{number}": group or "" for number, group in enumerate(groups)}
    if not places:
        return ()
    column = COLUMNS[by]
    rows = connection.all(
        f"SELECT {column}, s.metric_id, COUNT(*), MIN(f.value), MAX(f.value), SUM(f.value), SUM(f.value * f.value)"
        f" FROM {query.tables} JOIN feedback_standing AS s ON s.completion_id = i.completion_id"
        f" JOIN feedback AS f ON f.id = s.feedback_id WHERE {query.where}"
        f" AND {column} IN ({', '.join(f':{place}' for place in places)}) GROUP BY {column}, s.metric_id"
        f" ORDER BY {column}, s.metric_id",
        **query.values,
        **places,
    )
    return tuple(map(_statistics, rows))


def scored(connection: Connection, account: str) -> frozenset[str]:
    """The account's metrics by which somebody has said something of a completion."""
    return _metrics_with(connection, account, "feedback")


def compared(connection: Connection, account: str) -> frozenset[str]:
    """The account's metrics by which somebody has compared completions."""
    return _metrics_with(connection, account, "comparisons")


def _metrics_with(connection: Connection, account: str, table: str) -> frozenset[str]:
    some = f"EXISTS (SELECT 1 FROM {table} WHERE metric_id = m.id)"
    sql = f"SELECT id FROM metrics AS m WHERE account = :account AND {some}"
    return frozenset(str(row[0]) for row in connection.all(sql, account=account))


def _statistics(row: Row) -> ScoreStatistics:
    group, metric_id, count, minimum, maximum, total, squares = row
    mean = total / count
    deviation = math.sqrt(max(squares / count - mean * mean, 0.0))
    return ScoreStatistics(group or None, metric_id, count, mean, minimum, maximum, deviation, total)
