"""The database's own clock, asked in one statement."""

from __future__ import annotations

import time

import pytest

from antiphon.db import Database
from antiphon.db.moment import now_sql

NEAR_US = 5 * 10**6


@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_the_time_is_told_in_microseconds(database: Database, database_url: str) -> None:
    """As whole ones since 1970, and it goes on within a transaction."""
    sql = now_sql(database_url)
    rows = await database.write(lambda connection: [connection.one(sql) for _ in range(2)])
    (first,), (second,) = (row or (0,) for row in rows)
    assert isinstance(first, int)
    assert first <= second
    assert abs(first - time.time() * 10**6) < NEAR_US


def test_no_url_is_a_file() -> None:
    """As without one the database is a file in the data folder."""
    assert now_sql(None) == now_sql("sqlite:///a.db") != now_sql("postgresql://host/name")
