"""Posts of accounts, counted in each database."""

from __future__ import annotations

from antiphon.channels import rate_store
from antiphon.db import Connection, Database

SECOND_US = 1_000_000
NOW_US = 1_700_000_000 * SECOND_US


async def test_a_minute_allows_so_many(database: Database) -> None:
    """At once, then one after the other; refusals do not count, and a rested account is forgotten."""

    def work(connection: Connection) -> None:
        assert [rate_store.take(connection, "ann", 4, NOW_US) for _ in range(5)] == [0, 0, 0, 0, 15 * SECOND_US]
        assert rate_store.take(connection, "bob", 4, NOW_US) == 0
        later_us = NOW_US + 14 * SECOND_US
        assert rate_store.take(connection, "ann", 4, later_us) == SECOND_US
        assert rate_store.take(connection, "ann", 4, later_us + SECOND_US) == 0
        rate_store.forget_rested(connection, NOW_US + 15 * SECOND_US)
        assert connection.all("SELECT account FROM channel_rates") == [("ann",)]

    await database.write(work)
