"""The rows of nodes, the same on every database."""

from __future__ import annotations

from antiphon.db import Connection, Database
from antiphon.nodes import store


async def test_the_first_secret_stays(database: Database) -> None:
    """Of gateways that start at once, all read what one of them kept."""

    def work(connection: Connection) -> tuple[str, str, str | None]:
        first = store.keep_secret(connection, "keys", "one")
        return first, store.keep_secret(connection, "keys", "two"), store.find_secret(connection, "other")

    assert await database.write(work) == ("one", "one", None)


async def test_revocations_are_forgotten(database: Database) -> None:
    """When no credentials from before them can be good any more; a later one of the same key counts."""

    def work(connection: Connection) -> dict[str, int]:
        store.revoke(connection, "UA", 1_000, 0)
        store.revoke(connection, "UB", 2_000, 1_000)
        store.revoke(connection, "UB", 3_000, 2_000)
        return store.revocations(connection)

    assert await database.write(work) == {"UB": 3_000}
