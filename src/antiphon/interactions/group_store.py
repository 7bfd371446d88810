"""Groups of interactions in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.db import Connection
from antiphon.interactions.model import Filter, Reach
from antiphon.interactions.paging import Order
from antiphon.interactions.query import Query

GroupBy = Literal["model", "prompt"]
COLUMNS: dict[GroupBy, str] = {"model": "COALESCE(i.model, '')", "prompt": "i.prompt_hash"}


class Group(Struct, frozen=True):
    """All that have one model, or one hash of their prompt; None: those without."""

    key: str | None
    count: int


class GroupPaging(Struct, frozen=True):
    """Which part of the list of groups: `limit` of them after a key, or from the beginning."""

    limit: int
    after: str | None = None
    order: Order = "asc"


def groups(connection: Connection, reach: Reach, wanted: Filter, by: GroupBy, paging: GroupPaging) -> tuple[Group, ...]:
    """The groups of those that the filter lets through, by their keys; one more than asked for tells of a next part."""
    query, column = Query(reach, wanted), COLUMNS[by]
    sign, direction = ("<", "DESC") if paging.order == "desc" else (">", "ASC")
    after = "" if paging.after is None else f" AND {column} {sign} :after_key"
    values = query.values if paging.after is None else query.values | {"after_key": paging.after}
    rows = connection.all(
        f"SELECT {column}, COUNT(*) FROM {query.tables} WHERE {query.where}{after}"
        f" GROUP BY {column} ORDER BY {column} {direction} LIMIT :limit",
        **values,
        limit=paging.limit + 1,
    )
    return tuple(Group(key or None, int(number)) for key, number in rows)


def count(connection: Connection, reach: Reach, wanted: Filter, by: GroupBy) -> int:
    """How many groups there are."""
    query = Query(reach, wanted)
    sql = f"SELECT COUNT(DISTINCT {COLUMNS[by]}) FROM {query.tables} WHERE {query.where}"
    row = connection.one(sql, **query.values)
    assert row is not None, "an aggregate has a row"
    return int(row[0])
