"""PostgreSQL: connections that are lost, commits without an answer, servers that freeze or die."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from antiphon.db import Connection, Database
from antiphon.db.open import open_database
from antiphon.errors import ConfigError, Unavailable
from tests.fixtures.databases.changes import Changes
from tests.fixtures.databases.notes import NOTES, count_up, insert, names, numbers
from tests.fixtures.databases.proxy import Loss, Proxy, socket_of
from tests.fixtures.databases.server import PostgresServer
from tests.fixtures.machine import Stopwatch

NOWHERE = Path("/nonexistent")


@pytest.fixture
def changes() -> Changes:
    """What a database of these tests says of itself."""
    return Changes()


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """A place on the server that all tests share."""
    return postgres.new_url()


@pytest_asyncio.fixture
async def database(url: str, changes: Changes) -> AsyncIterator[Database]:
    """A database at that place."""
    database = open_database(url, data_dir=NOWHERE, migrations=(NOTES,), on_change=changes.note)
    yield database
    await database.close()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may freeze and kill, whose commits reach the disk."""
    server = PostgresServer(durable=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def proxy(url: str) -> Iterator[Proxy]:
    """What stands before the shared server."""
    proxy = Proxy(socket_of(url))
    yield proxy
    proxy.close()


@pytest_asyncio.fixture
async def behind(proxy: Proxy, url: str, changes: Changes) -> AsyncIterator[Database]:
    """The same place, reached through the proxy."""
    database = open_database(proxy.url(url), data_dir=NOWHERE, migrations=(NOTES,), on_change=changes.note)
    await database.write(partial(insert, name="a", number=0))
    yield database
    await database.close()


def raise_state(connection: Connection, state: str) -> None:
    """Let the server fail as it would with that SQLSTATE."""
    connection.run(f"DO $$ BEGIN RAISE EXCEPTION 'as asked' USING ERRCODE = '{state}'; END $$")


class Runs:
    """A work that counts its runs; in each of the first `failing` ones `fault` comes between its two statements."""

    def __init__(self, fault: partial[None] | None = None, *, failing: int = 1, name: str = "run") -> None:
        self.count = 0
        self._name = name
        self._fault = fault
        self._failing = failing

    def work(self, connection: Connection) -> int:
        """Stores a note, and counts it up."""
        self.count += 1
        name = insert(connection, f"{self._name}-{self.count}", number=0)
        if self._fault is not None and self.count <= self._failing:
            self._fault(connection)
        return count_up(connection, name)


def test_a_wrong_url_is_refused() -> None:
    """Without showing the password in it."""
    with pytest.raises(ConfigError, match=r"database.url: expected postgresql://") as caught:
        open_database("postgresql://u:secret@host/x?nonsense=1", data_dir=NOWHERE)
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The message says where it was looked for, and keeps the password to itself."""
    with pytest.raises(ConfigError, match=str(tmp_path)) as caught:
        open_database(f"postgresql://u:secret@/x?host={tmp_path}", data_dir=NOWHERE)
    assert "secret" not in str(caught.value)


def kill_backend(connection: Connection, server: PostgresServer) -> None:
    """End the process that serves this connection."""
    row = connection.one("SELECT pg_backend_pid()")
    assert row is not None
    server.run(f"SELECT pg_terminate_backend({row[0]}, 5000)")


async def test_a_lost_connection_is_not_seen(database: Database, postgres: PostgresServer, changes: Changes) -> None:
    """The transaction runs again on a new connection, in a read as in a write."""
    runs = Runs(partial(kill_backend, server=postgres))
    assert await database.write(runs.work) == 1
    assert await database.read(names) == ["run-2"]
    reads: list[list[str]] = []

    def read(connection: Connection) -> list[str]:
        if not reads:
            reads.append(names(connection))
            kill_backend(connection, postgres)
        return names(connection)

    assert await database.read(read) == ["run-2"]
    assert changes.reasons == []


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_conflicts_are_not_seen(database: Database, state: str, changes: Changes) -> None:
    """A serialization failure or a deadlock is tried again, twice; after that the caller is told, and others go on."""
    runs = Runs(partial(raise_state, state=state), failing=2)
    assert await database.write(runs.work) == 1
    assert runs.count == 3
    with pytest.raises(Unavailable):
        await database.write(Runs(partial(raise_state, state=state), failing=3, name="other").work)
    assert await database.write(partial(insert, name="a")) == "a"
    assert changes.reasons == []


async def test_a_deadlock_with_others(database: Database, url: str) -> None:
    """A real one: somebody else has the row that we want, and wants the one that we have."""
    for name in "ab":
        await database.write(partial(insert, name=name, number=0))
    other = psycopg.connect(url, autocommit=True)
    other.execute("SET deadlock_timeout = '100s'")  # so that it is ours that is ended
    other.execute("BEGIN; UPDATE notes SET number = 10 WHERE name = 'a'")
    wants_b = threading.Thread(target=other.execute, args=("UPDATE notes SET number = 10 WHERE name = 'b'; COMMIT",))

    def both(connection: Connection) -> int:
        count_up(connection, "b")
        if not wants_b.ident:
            wants_b.start()
        return count_up(connection, "a")

    assert await database.write(both) == 11
    wants_b.join()
    other.close()
    assert await database.read(numbers) == [11, 11]


async def test_gateways_take_turns(database: Database, url: str) -> None:
    """Two of them that change the same rows in opposite order never meet in a deadlock."""
    second = open_database(url, data_dir=NOWHERE, migrations=(NOTES,))
    for name in "ab":
        await database.write(partial(insert, name=name, number=0))

    def both(connection: Connection, order: str) -> None:
        for name in order:
            count_up(connection, name)

    works = [(database, partial(both, order="ab")), (second, partial(both, order="ba"))] * 50
    watch = Stopwatch()
    await asyncio.gather(*(each.write(work) for each, work in works))
    assert watch.fair_s < 5
    assert await second.read(numbers) == [100, 100]
    await second.close()


async def test_a_commit_whose_answer_was_lost_is_done_once(behind: Database, proxy: Proxy, changes: Changes) -> None:
    """The server is asked what became of it, and the caller never learns that there was a doubt."""
    proxy.loss = Loss.ANSWER
    assert await behind.write(partial(count_up, name="a")) == 1
    assert await behind.write(partial(count_up, name="a")) == 2
    assert changes.reasons == []


async def test_a_commit_that_did_not_arrive_is_done_again(behind: Database, proxy: Proxy, changes: Changes) -> None:
    """The server says that it was not committed, so the works run once more."""
    proxy.loss = Loss.REQUEST
    runs = Runs()
    assert await behind.write(runs.work) == 1
    assert runs.count == 2
    assert await behind.read(names) == ["a", "run-2"]
    assert changes.reasons == []


@pytest.mark.parametrize("loss", [Loss.ANSWER, Loss.REQUEST])
async def test_a_commit_that_nobody_can_tell_of(
    behind: Database, proxy: Proxy, postgres: PostgresServer, url: str, changes: Changes, loss: Loss
) -> None:
    """When the server cannot be asked, the work does not run again and its caller is told that it is not known."""

    def count_and_refuse(connection: Connection) -> int:
        proxy.refusing = True
        return count_up(connection, "a")

    proxy.loss = loss
    with pytest.raises(Unavailable, match="did not confirm") as caught:
        await behind.write(count_and_refuse)
    assert caught.value.code == "write_unconfirmed"
    assert postgres.run("SELECT number FROM notes", url=url) == [(1 if loss is Loss.ANSWER else 0,)]
    proxy.refusing = False
    await changes.back("writes")
    assert await behind.read(numbers) == [1 if loss is Loss.ANSWER else 0]


async def test_a_statement_without_end_is_ended(database: Database) -> None:
    """The server does it; a read fails alone, and the next is served at once."""
    with pytest.raises(Unavailable, match="too long"):
        await database.read(lambda connection: connection.one("SELECT CAST(pg_sleep(60) AS TEXT)"))
    assert database.healthy
    assert await database.read(names) == []


@pytest.mark.parametrize("state", ["53100", "58030", "XX001", "57014"])
async def test_a_server_in_trouble_is_left_alone(database: Database, changes: Changes, state: str) -> None:
    """No space, an error of its disk, damage, a lock of others: the work is not tried again, others may be."""
    runs = Runs(partial(raise_state, state=state))
    with pytest.raises(Unavailable):
        await database.write(runs.work)
    assert runs.count == 1
    await changes.back("writes")
    assert await database.write(partial(insert, name="a")) == "a"
    assert len(changes.reasons) == 1


async def test_a_frozen_server(own_server: PostgresServer, changes: Changes) -> None:
    """Callers are answered 503 within two seconds, those that follow at once, and all is well when it goes on."""
    database = open_database(own_server.new_url(), data_dir=NOWHERE, migrations=(NOTES,), on_change=changes.note)
    await asyncio.gather(database.write(partial(insert, name="a")), *(database.read(names) for _ in range(20)))
    own_server.freeze()
    watch = Stopwatch()
    works = [database.write(partial(insert, name=f"b{number}")) for number in range(300)]
    works += [database.read(lambda connection: str(names(connection))) for _ in range(300)]
    outcomes = await asyncio.gather(*works, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert watch.fair_s < 2.5, "two seconds, and some for six hundred answers"
    watch = Stopwatch()
    with pytest.raises(Unavailable):
        await database.read(names)
    assert watch.fair_s < 0.1
    assert not database.healthy
    own_server.thaw()
    await changes.back("writes")
    await changes.back("reads")
    assert database.healthy
    assert await database.write(partial(insert, name="c")) == "c"
    assert await database.read(names) == ["a", "c"]
    await database.close()


async def test_a_server_that_dies_in_mid_load(own_server: PostgresServer, changes: Changes) -> None:
    """Callers see nothing, or 503; whatever was acknowledged is there when the server is back."""
    database = open_database(own_server.new_url(), data_dir=NOWHERE, migrations=(NOTES,), on_change=changes.note)
    acknowledged: list[str] = []
    enough: asyncio.Queue[None] = asyncio.Queue()

    async def caller(number: int) -> None:
        for count in itertools.count():
            try:
                acknowledged.append(await database.write(partial(insert, name=f"{number}-{count}")))
            except Unavailable as error:
                assert error.retry_after_s == 2
                await changes.back("writes")
            if len(acknowledged) % 100 == 0:
                enough.put_nowait(None)

    callers = [asyncio.create_task(caller(number)) for number in range(16)]
    for _ in range(3):
        await enough.get()
        await asyncio.to_thread(own_server.crash)
        await asyncio.to_thread(own_server.start)
    await changes.back("writes")
    for task in callers:
        task.cancel()
    ended = await asyncio.gather(*callers, return_exceptions=True)
    assert {type(end) for end in ended} == {asyncio.CancelledError}
    await changes.back("reads")
    stored = await database.read(names)
    await database.close()
    assert set(acknowledged) - set(stored) == set()
