"""Tests of sessions in the database."""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.console import session_store
from antiphon.console.session_store import Session
from antiphon.db import Connection, Database

ONE = Session("one", "acme", "key_1", "", own=True, begun_at_ms=1, used_at_ms=1, ends_at_ms=100)
TWO = replace(ONE, digest="two", key_id="", named="digest", own=False, used_at_ms=5)
OTHER = replace(ONE, digest="other", account="umbrella", ends_at_ms=50)


async def test_sessions_are_kept_used_and_forgotten(database: Database) -> None:
    """Each by its digest; an older use never takes the place of a later one."""

    def keep(connection: Connection) -> None:
        for session in (ONE, TWO, OTHER):
            session_store.insert(connection, session)
        session_store.use(connection, "one", 9)
        session_store.use(connection, "one", 7)

    await database.write(keep)
    used = replace(ONE, used_at_ms=9)

    def look(connection: Connection) -> None:
        assert session_store.find(connection, "one") == used
        assert session_store.find(connection, "two") == TWO
        assert session_store.find(connection, "three") is None
        assert session_store.of_account(connection, "acme") == [used, TWO]
        assert session_store.overdue(connection, ended_by_ms=50, used_by_ms=0, limit=9) == [OTHER]
        assert session_store.overdue(connection, ended_by_ms=0, used_by_ms=5, limit=9) == [OTHER, TWO]
        assert session_store.overdue(connection, ended_by_ms=200, used_by_ms=0, limit=2) == [used, OTHER]

    await database.read(look)
    await database.write(lambda connection: session_store.delete(connection, "one"))
    assert await database.read(lambda connection: session_store.find(connection, "one")) is None
