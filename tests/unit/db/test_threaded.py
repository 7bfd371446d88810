"""Works on a database: what a store is written against, on every kind of database."""

from __future__ import annotations

import pytest

from antiphon.db import Connection, ConstraintBroken, Database


def make_notes(connection: Connection) -> None:
    """A table for these tests."""
    connection.run("CREATE TABLE notes (id TEXT PRIMARY KEY, text TEXT NOT NULL, at BIGINT NOT NULL)")


def insert(connection: Connection, name: str, text: str) -> None:
    """What a store's function looks like."""
    connection.run(
        "INSERT INTO notes (id, text, at) VALUES (:id, :text, :at)", id=name, text=text, at=1_700_000_000_000
    )


def texts(connection: Connection) -> list[str]:
    """All notes, in order."""
    return [text for (text,) in connection.all("SELECT text FROM notes ORDER BY id")]


async def test_what_is_written_is_read(database: Database) -> None:
    """A work's return value comes back, and what it wrote is there for the next."""
    await database.write(make_notes)
    await database.write(lambda connection: insert(connection, "a", "first"))
    assert await database.read(texts) == ["first"]


async def test_a_work_that_raises_leaves_no_trace(database: Database) -> None:
    """Its error is its caller's, and its changes are undone."""
    await database.write(make_notes)

    def fails(connection: Connection) -> None:
        insert(connection, "a", "first")
        insert(connection, "a", "second")

    with pytest.raises(ConstraintBroken):
        await database.write(fails)
    assert await database.read(texts) == []
