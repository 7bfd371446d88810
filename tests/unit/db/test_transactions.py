"""Works become transactions: on a real file, seen through the statements that SQLite is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from antiphon.db import Connection
from antiphon.db.pending import Pending
from antiphon.db.session import Use
from antiphon.db.sqlite import SQLiteSession
from antiphon.db.transactions import commit_together, read_each
from tests.fixtures.databases.notes import insert, names

Sessions = Callable[[Use], SQLiteSession]


def fail(connection: Connection) -> None:
    """A work that undoes itself."""
    insert(connection, "never")
    raise LookupError


def pending(*works: Callable[[Connection], Any]) -> list[Pending]:
    """Works with callers who wait in this loop."""
    return [Pending(work, asyncio.get_running_loop().create_future()) for work in works]


def traced(session: SQLiteSession) -> list[str]:
    """The first words of the statements that the session will run."""
    seen: list[str] = []
    session._connection.set_trace_callback(lambda sql: seen.append(sql.split("(")[0].strip()))
    return seen


async def test_many_works_have_one_commit(sqlite_session: Sessions) -> None:
    """Nothing but the works stands between the beginning and the commit."""
    session = sqlite_session(Use.WRITE)
    seen = traced(session)
    commit_together(session, pending(*(partial(insert, name=name) for name in "abc")))
    assert seen == ["BEGIN IMMEDIATE", *["INSERT INTO notes"] * 3, "COMMIT"]


async def test_one_work_needs_no_savepoint(sqlite_session: Sessions) -> None:
    """When it fails alone, there is nothing to keep."""
    session = sqlite_session(Use.WRITE)
    seen = traced(session)
    commit_together(session, pending(fail))
    assert seen == ["BEGIN IMMEDIATE", "INSERT INTO notes", "ROLLBACK"]


async def test_a_failing_work_costs_a_second_run(sqlite_session: Sessions) -> None:
    """All that came before it is undone with it, then each work runs in a savepoint, and one commit follows."""
    session = sqlite_session(Use.WRITE)
    seen = traced(session)
    group = pending(partial(insert, name="a"), fail, partial(insert, name="b"))
    commit_together(session, group)
    kept = ["SAVEPOINT work", "INSERT INTO notes", "RELEASE work"]
    undone = ["SAVEPOINT work", "INSERT INTO notes", "ROLLBACK TO work", "RELEASE work"]
    first = ["BEGIN IMMEDIATE", "INSERT INTO notes", "INSERT INTO notes", "ROLLBACK"]
    assert seen == [*first, "BEGIN IMMEDIATE", *kept, *undone, *kept, "COMMIT"]
    for one in group:
        one.deliver()
    outcomes = await asyncio.gather(*(one._future for one in group), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [str, LookupError, str]


async def test_each_read_has_its_own_snapshot(sqlite_session: Sessions) -> None:
    """A second read sees what was written after the first."""
    reader, writer = sqlite_session(Use.READ), sqlite_session(Use.WRITE)

    def write_between(connection: Connection) -> list[str]:
        before = names(connection)
        commit_together(writer, pending(partial(insert, name="a")))
        assert names(connection) == before
        return before

    group = pending(write_between, names)
    read_each(reader, group)
    for one in group:
        one.deliver()
    assert await asyncio.gather(*(one._future for one in group)) == [[], ["a"]]


@pytest.mark.parametrize("use", [Use.READ, Use.WRITE])
async def test_no_transaction_stays_open(sqlite_session: Sessions, use: Use) -> None:
    """Whatever the works did."""
    session = sqlite_session(use)
    attempt = read_each if use is Use.READ else commit_together
    attempt(session, pending(names, fail))
    assert not session._connection.in_transaction
