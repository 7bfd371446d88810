"""Writing behind the answers: nothing waits, nothing is lost, and what is lost is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from antiphon.chat import Image, Message, Text
from antiphon.db import Database, Work, progress
from antiphon.errors import Unavailable
from antiphon.interactions import recorder as recorder_module
from antiphon.interactions import store
from antiphon.interactions.model import Filter
from antiphon.interactions.recorder import BATCH_ROWS, Recorder
from tests.unit.interactions.stored import ANN, row, uuid


class Gate:
    """A database in front of a database, that can be shut: then works wait, or are refused."""

    def __init__(self, database: Database) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.shut_after: int | None = None  # after so many works it is shut
        self.refused = 0  # how many of the next works are refused
        self.works = 0
        self._database = database

    @property
    def healthy(self) -> bool:
        """As the database is."""
        return self._database.healthy

    async def read(self, work: Work[Any]) -> Any:  # Any: a work returns what it likes
        """As the database does."""
        return await self._database.read(work)

    async def write(self, work: Work[Any]) -> Any:  # Any: a work returns what it likes
        """What the database does, once the gate is open."""
        await self.open.wait()
        self.works += 1
        if self.works == self.shut_after:
            self.open.clear()
        if self.refused:
            self.refused -= 1
            raise Unavailable("Refused.")
        return await self._database.write(work)

    async def close(self) -> None:
        """The database is closed by its owner."""


class Lost:
    """What a recorder says it lost."""

    def __init__(self) -> None:
        self.count = 0
        self.reasons: list[str] = []

    def __call__(self, count: int, reason: str) -> None:
        """Note it."""
        self.count += count
        self.reasons.append(reason)


@pytest.fixture
def gate(database: Database) -> Gate:
    """A gate that is open."""
    return Gate(database)


@pytest.fixture
def lost() -> Lost:
    """Nothing yet."""
    return Lost()


async def stored(database: Database) -> int:
    """How many of Ann's interactions are in the database."""
    return await database.read(lambda connection: store.count(connection, ANN, Filter()))


async def test_rows_are_written_in_batches(database: Database, gate: Gate, lost: Lost) -> None:
    """All of them, in far fewer transactions than there are rows, and `pending` falls to zero."""
    recorder = Recorder(gate, on_lost=lost)
    recorder.start()
    for number in range(3 * BATCH_ROWS):
        recorder.put([row(number)])
    assert recorder.pending == 3 * BATCH_ROWS
    await recorder.all_settled()
    assert (recorder.pending, gate.works, await stored(database)) == (0, 3, 3 * BATCH_ROWS)
    await recorder.close()
    assert lost.count == 0


async def test_who_asks_for_a_row_waits_for_it(database: Database, gate: Gate, lost: Lost) -> None:
    """And for no other: what is not on its way is settled at once."""
    recorder = Recorder(gate, on_lost=lost)
    recorder.start()
    gate.open.clear()
    recorder.put([row(1)])
    await recorder.settled(uuid(2))
    waiting = asyncio.ensure_future(recorder.settled(uuid(1)))
    await asyncio.sleep(0)
    assert not waiting.done()
    gate.open.set()
    await waiting
    assert await stored(database) == 1
    await recorder.close()


async def test_who_asks_for_all_waits_for_what_came_before(gate: Gate, lost: Lost) -> None:
    """Rows that come later do not keep anybody waiting for ever."""
    recorder = Recorder(gate, on_lost=lost)
    recorder.start()
    await recorder.all_settled()
    gate.open.clear()
    recorder.put([row(1)])
    waiting = asyncio.ensure_future(recorder.all_settled())
    await asyncio.sleep(0)
    for number in range(2, 5):
        recorder.put([row(number)])
    gate.shut_after = 1
    gate.open.set()
    await waiting
    assert recorder.pending == 3
    gate.open.set()
    await recorder.close()


async def test_waiting_has_an_end(gate: Gate, lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that does not come back is said to be unavailable."""
    monkeypatch.setattr(progress, "WAIT_S_MAX", 0.01)
    recorder = Recorder(gate, on_lost=lost)
    recorder.start()
    gate.open.clear()
    recorder.put([row(1)])
    with pytest.raises(Unavailable, match="not stored yet"):
        await recorder.settled(uuid(1))
    gate.open.set()
    await recorder.close()


async def test_an_outage_is_waited_out(
    database: Database, gate: Gate, lost: Lost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows stay in order until the database takes them."""
    monkeypatch.setattr(recorder_module, "RETRY_PAUSE_S", 0)
    recorder = Recorder(gate, on_lost=lost)
    recorder.start()
    gate.refused = 3
    recorder.put([row(1), row(2)])
    await recorder.all_settled()
    assert (gate.works, await stored(database), lost.count) == (4, 2, 0)
    await recorder.close()


async def test_a_bad_row_is_lost_alone(database: Database, gate: Gate, lost: Lost) -> None:
    """What cannot be stored is told; its neighbours are stored."""
    recorder = Recorder(gate, on_lost=lost)
    rows = [row(number) for number in range(5)]
    rows[1] = row(1, model="\ud800")
    rows[3] = row(3, messages=(Message("user", "x", metadata=object()),))
    recorder.put(rows)
    recorder.start()
    await recorder.all_settled()
    assert (await stored(database), lost.count) == (3, 2)
    assert "cannot be stored" in lost.reasons[0]
    await recorder.close()


async def test_room_ends(gate: Gate, lost: Lost) -> None:
    """New requests are refused at the bound; answers under way are taken up to twice as many, and not beyond."""
    recorder = Recorder(gate, on_lost=lost, rows_max=2)
    gate.open.clear()
    recorder.start()
    recorder.require_room()
    recorder.put([row(1), row(2)])
    with pytest.raises(Unavailable) as refused:
        recorder.require_room()
    assert refused.value.retry_after_s == 1
    recorder.put([row(3), row(4)])
    assert lost.count == 0
    recorder.put([row(5), row(6)])
    assert (lost.count, recorder.pending) == (2, 4)
    gate.open.set()
    await recorder.all_settled()
    recorder.require_room()
    await recorder.close()


async def test_long_prompts_fill_the_room(gate: Gate, lost: Lost) -> None:
    """Memory is bounded too: images and texts count, once for all choices of an answer."""
    recorder = Recorder(gate, on_lost=lost, characters_max=100)
    gate.open.clear()
    recorder.start()
    seen = (Message("user", (Text("a" * 20), Image("b" * 30))), Message("assistant"))
    recorder.put([row(1, messages=seen), row(2, messages=seen)])
    recorder.require_room()
    recorder.put([row(3, messages=seen)])
    with pytest.raises(Unavailable):
        recorder.require_room()
    gate.open.set()
    await recorder.close()
    assert lost.count == 0


async def test_closing_writes_what_is_on_its_way(database: Database, gate: Gate, lost: Lost) -> None:
    """And takes nothing more."""
    recorder = Recorder(gate, on_lost=lost)
    recorder.start()
    recorder.put([row(number) for number in range(10)])
    await recorder.close()
    assert (await stored(database), lost.count) == (10, 0)
    recorder.put([row(11)])
    assert lost.count == 1


async def test_closing_does_not_wait_for_a_database_that_is_away(gate: Gate, lost: Lost) -> None:
    """What it does not take is lost, and told; nobody goes on waiting for it."""
    recorder = Recorder(gate, on_lost=lost)
    gate.refused = 1_000
    recorder.put([row(1), row(2)])
    recorder.start()
    await recorder.close()
    assert (lost.count, recorder.pending) == (2, 0)
    await recorder.settled(uuid(1))


async def test_closing_without_a_start(database: Database, lost: Lost) -> None:
    """A gateway that never began has nothing to write."""
    recorder = Recorder(database, on_lost=lost)
    await recorder.close()
    assert lost.count == 0
