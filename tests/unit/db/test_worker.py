"""A database thread: how often it tries, and what becomes of callers when it has a fault of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from antiphon.clock import ManualClock, SystemClock
from antiphon.db.pending import Pending, WorkQueue
from antiphon.db.session import DatabaseFailed, Kind, Session, Use
from antiphon.db.sqlite import SQLiteDriver
from antiphon.db.transactions import commit_together
from antiphon.db.worker import RETRY_FOR_S, Worker
from antiphon.errors import Unavailable
from tests.fixtures.databases.changes import Changes
from tests.fixtures.databases.notes import insert

TRY_S = RETRY_FOR_S / 3


class Connections:
    """Connects to a real file, but first fails in the ways that it is given; each try takes a while."""

    def __init__(self, path: Path, clock: ManualClock, faults: Iterable[Kind]) -> None:
        self._driver = SQLiteDriver(path, clock=SystemClock())
        self._clock = clock
        self._faults = iter(faults)
        self.tries = 0

    def connect(self) -> Session:
        """A session, or the next failure."""
        self.tries += 1
        self._clock.advance(TRY_S)
        if (kind := next(self._faults, None)) is not None:
            raise DatabaseFailed(kind, "as asked")
        return self._driver.connect(Use.WRITE)


@asynccontextmanager
async def working(
    connect: Callable[[], Session], clock: ManualClock, changes: Changes
) -> AsyncIterator[Callable[[str], asyncio.Future[str]]]:
    """A function that lets a worker store a note."""
    queue = WorkQueue(10)
    worker = Worker(
        queue,
        connect,
        commit_together,
        group_max=10,
        name="worker",
        clock=clock,
        on_change=partial(changes.note, "writes"),
    )
    worker.start()

    def store(name: str) -> asyncio.Future[str]:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        queue.put(Pending(lambda connection: insert(connection, name), future))
        return future

    yield store
    queue.close()
    await asyncio.to_thread(worker.join)


async def test_a_lost_connection_is_sought_for_a_while(sqlite_path: Path) -> None:
    """A server that is back in time was never away."""
    clock, changes = ManualClock(), Changes()
    connections = Connections(sqlite_path, clock, [Kind.LOST] * 2)
    async with working(connections.connect, clock, changes) as store:
        assert await store("a") == "a"
    assert connections.tries == 3
    assert changes.reasons == []


async def test_a_server_that_stays_away_is_given_up(sqlite_path: Path) -> None:
    """The caller is told, the reason is noted once, and probes find the server when it is back."""
    clock, changes = ManualClock(), Changes()
    connections = Connections(sqlite_path, clock, [Kind.LOST] * 5)
    async with working(connections.connect, clock, changes) as store:
        with pytest.raises(Unavailable) as caught:
            await store("a")
        assert caught.value.retry_after_s == 2
        assert connections.tries <= 5
        await changes.back("writes")
        assert await store("b") == "b"
    assert connections.tries == 6
    assert changes.reasons == ["as asked"]


@pytest.mark.parametrize(
    ("kind", "code", "tries"),
    [
        (Kind.DOWN, "unavailable", 1),
        (Kind.UNCONFIRMED, "write_unconfirmed", 1),
        (Kind.SLOW, "unavailable", 1),
        (Kind.CONFLICT, "unavailable", 3),
    ],
)
async def test_what_would_not_help_is_not_tried(sqlite_path: Path, kind: Kind, code: str, tries: int) -> None:
    """Each kind of failure has its number of tries, and its word for the caller."""
    clock, changes = ManualClock(), Changes()
    connections = Connections(sqlite_path, clock, [kind] * tries)
    async with working(connections.connect, clock, changes) as store:
        with pytest.raises(Unavailable) as caught:
            await store("a")
        assert caught.value.code == code
        await changes.back("writes")
        assert await store("b") == "b"
    assert connections.tries == tries + 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_nobody_waits_for_a_thread_that_is_gone(sqlite_path: Path) -> None:
    """A fault of our own ends the thread, and every caller, those that come later too, is told."""
    clock = ManualClock()

    def broken() -> Session:
        raise RuntimeError("a fault of our own")

    async with working(broken, clock, Changes()) as store:
        with pytest.raises(Unavailable):
            await store("a")
        with pytest.raises(Unavailable, match="closed"):
            store("b")
