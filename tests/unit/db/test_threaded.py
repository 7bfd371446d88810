"""Works on a database: what a store is written against, on every kind of database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from antiphon.db import Connection, ConstraintBroken, Database, StatementFailed, Value
from antiphon.db.threaded import QUEUE_MAX
from antiphon.errors import NotFound, Unavailable
from tests.fixtures.databases.notes import WAIT_S_MAX, count_up, insert, names, numbers

Outcome = Any  # what a work returned, or the error that it raised


class Gate:
    """Holds the thread that runs its work until it is opened."""

    def __init__(self) -> None:
        self._entered = threading.Event()
        self._open = threading.Event()

    def hold(self, _connection: Connection) -> None:
        """The work."""
        self._entered.set()
        self._open.wait(WAIT_S_MAX)

    async def entered(self) -> None:
        """Return when the thread is held."""
        assert await asyncio.to_thread(self._entered.wait, WAIT_S_MAX)

    def open(self) -> None:
        """Let the thread go on."""
        self._open.set()


async def together(database: Database, works: Sequence[Callable[[Connection], Any]]) -> list[Outcome]:
    """The outcomes of works that waited together, so that they shared a transaction."""
    gate = Gate()
    first = asyncio.create_task(database.write(gate.hold))
    await gate.entered()
    waiting = [asyncio.create_task(database.write(work)) for work in works]
    await asyncio.sleep(0)
    gate.open()
    await first
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_what_is_written_is_read(database: Database) -> None:
    """A work's return value comes back, and what it wrote is there for the next."""
    assert await database.write(partial(insert, name="a")) == "a"
    assert await database.read(names) == ["a"]
    assert database.healthy


async def test_a_work_that_raises_leaves_no_trace(database: Database) -> None:
    """Its error is its caller's, and its changes are undone, those before the error too."""

    def fails(connection: Connection) -> None:
        insert(connection, "a")
        raise NotFound("There is no such thing.")

    with pytest.raises(NotFound, match="no such thing"):
        await database.write(fails)
    assert await database.read(names) == []


async def test_works_that_wait_together_fail_alone(database: Database) -> None:
    """In one transaction, those before and after a work that fails are kept, and see nothing of it."""

    def fails(connection: Connection) -> None:
        insert(connection, "b")
        insert(connection, "a")

    works: list[Callable[[Connection], Any]] = [
        partial(insert, name="a"),
        fails,
        partial(insert, name="c"),
        fails,
        names,
        partial(insert, name="d"),
    ]
    outcomes = await together(database, works)
    assert [isinstance(outcome, ConstraintBroken) for outcome in outcomes] == [False, True, False, True, False, False]
    assert outcomes[4] == ["a", "c"]
    assert await database.read(names) == ["a", "c", "d"]


async def test_nothing_is_lost_between_many(database: Database) -> None:
    """Two hundred callers add to one number, and it is two hundred."""
    await database.write(partial(insert, name="a", number=0))
    outcomes = await asyncio.gather(*(database.write(partial(count_up, name="a")) for _ in range(200)))
    assert sorted(outcomes) == list(range(1, 201))
    assert await database.read(numbers) == [200]


async def test_an_error_cannot_be_kept_from_the_database(database: Database) -> None:
    """A work that catches a statement's error is undone all the same, since one of the two databases has to."""

    def hides(connection: Connection) -> None:
        insert(connection, "a")
        with pytest.raises(ConstraintBroken):
            insert(connection, "a")

    def goes_on(connection: Connection) -> None:
        hides(connection)
        insert(connection, "b")

    outcomes = await together(database, [hides, goes_on, partial(insert, name="c")])
    assert [type(outcome) for outcome in outcomes] == [ConstraintBroken, ConstraintBroken, str]
    with pytest.raises(ConstraintBroken):
        await database.write(hides)
    assert await database.read(names) == ["c"]


async def test_a_read_sees_one_moment(database: Database) -> None:
    """What is written while a read goes on is not seen by its later statements."""
    await database.write(partial(insert, name="a"))
    gate = Gate()

    def twice(connection: Connection) -> tuple[list[str], list[str]]:
        before = names(connection)
        gate.hold(connection)
        return before, names(connection)

    reading = asyncio.create_task(database.read(twice))
    await gate.entered()
    await database.write(partial(insert, name="b"))
    gate.open()
    assert await reading == (["a"], ["a"])
    assert await database.read(names) == ["a", "b"]


async def test_a_read_cannot_write(database: Database) -> None:
    """It is a mistake of ours, and the database goes on."""
    with pytest.raises(StatementFailed, match="a read may not write"):
        await database.read(partial(insert, name="a"))
    assert database.healthy


async def test_who_leaves_disturbs_nobody(database: Database) -> None:
    """Of works that wait together one caller is cancelled: its work is left out, the others are done."""
    gate = Gate()
    first = asyncio.create_task(database.write(gate.hold))
    await gate.entered()
    waiting = [asyncio.create_task(database.write(partial(insert, name=name))) for name in "abc"]
    await asyncio.sleep(0)
    waiting[1].cancel()
    gate.open()
    outcomes = await asyncio.gather(first, *waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), str, asyncio.CancelledError, str]
    assert await database.read(names) == ["a", "c"]


async def test_who_leaves_during_the_work_gets_no_answer(database: Database) -> None:
    """A work that has begun is finished, and its result is nobody's."""
    gate = Gate()
    entered = asyncio.create_task(database.write(gate.hold))
    await gate.entered()
    entered.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entered
    gate.open()
    assert await database.write(partial(insert, name="a")) == "a"


async def test_closing_finishes_what_waits(database: Database) -> None:
    """Works that were taken are done; those that come later are refused."""
    gate = Gate()
    first = asyncio.create_task(database.write(gate.hold))
    await gate.entered()
    waiting = [asyncio.create_task(database.write(partial(insert, name=name))) for name in "ab"]
    await asyncio.sleep(0)
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="closed"):
        await database.write(partial(insert, name="c"))
    gate.open()
    assert await asyncio.gather(first, *waiting, closing) == [None, "a", "b", None]
    with pytest.raises(Unavailable, match="closed"):
        await database.read(names)
    assert not database.healthy


async def test_the_queue_has_an_end(database: Database) -> None:
    """One more than may wait is refused at once, with a time to come back."""
    gate = Gate()
    first = asyncio.create_task(database.write(gate.hold))
    await gate.entered()
    waiting = [asyncio.create_task(database.write(names)) for _ in range(QUEUE_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as caught:
        await database.write(names)
    assert caught.value.retry_after_s == 2
    gate.open()
    await asyncio.gather(first, *waiting)


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        ("CAST(:a AS BIGINT)", {"a": 2**63 - 1}, 2**63 - 1),
        ("CAST(:a AS BIGINT)", {"a": True}, 1),
        ("CAST(:a AS BIGINT) > 1", {"a": 2}, 1),
        ("CAST(:a AS BIGINT) * 1000", {"a": 1000}, 1_000_000),
        ("CAST(:a AS TEXT)", {"a": "%s :b '' \\ é 😀"}, "%s :b '' \\ é 😀"),
        ("CAST(:a AS TEXT) IS NULL", {"a": None}, 1),
        ("CAST(:a AS DOUBLE PRECISION)", {"a": 0.1}, 0.1),
        ("'it''s :a 100%' || CAST(:a AS TEXT)", {"a": "!"}, "it's :a 100%!"),
        ("SUM(x) FROM (SELECT CAST(:a AS BIGINT) AS x UNION ALL SELECT 2) AS t", {"a": 1}, 3),
        ("AVG(x) FROM (SELECT CAST(:a AS BIGINT) AS x UNION ALL SELECT 3) AS t", {"a": 1}, 2.0),
        ("COUNT(*) FROM notes WHERE name = :a", {"a": "x"}, 0),
    ],
)
async def test_values_are_the_same_everywhere(
    database: Database, expression: str, values: dict[str, Value], expected: object
) -> None:
    """Each value comes back with the same type from every kind of database."""
    row = await database.read(lambda connection: connection.one(f"SELECT {expression}", **values))
    assert row == (expected,)
    assert type(row[0]) is type(expected)


@pytest.mark.parametrize("value", ["a\0b", "\ud800", 2**63])
async def test_what_not_every_database_stores_is_refused(database: Database, value: str | int) -> None:
    """So that a test on one kind finds what would fail on the other."""
    column = {"text": value} if isinstance(value, str) else {"number": value}
    with pytest.raises(StatementFailed):
        await database.write(lambda connection: insert(connection, "a", **column))
    assert await database.read(names) == []


@pytest.mark.parametrize("sql", ["SELEKT 1", "SELECT :missing", "SELECT x FROM nowhere"])
async def test_a_wrong_statement_fails_its_work(database: Database, sql: str) -> None:
    """It is a mistake of ours, and others are not disturbed by it."""
    with pytest.raises(StatementFailed):
        await database.read(lambda connection: connection.all(sql))
    with pytest.raises(StatementFailed):
        await database.write(lambda connection: connection.all(sql))
    assert database.healthy


async def test_rows_changed_are_counted(database: Database) -> None:
    """Inserted, updated and deleted rows count, those that a conflict left alone do not."""
    await database.write(partial(insert, name="a"))

    def counts(connection: Connection) -> list[int]:
        again = "INSERT INTO notes (name, text) VALUES ('a', 'b') ON CONFLICT (name) DO NOTHING"
        run = connection.run
        return [run(again), run("UPDATE notes SET text = 'c'"), run("DELETE FROM notes"), run("DELETE FROM notes")]

    assert await database.write(counts) == [0, 1, 1, 0]
