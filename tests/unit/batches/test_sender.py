"""Requests are sent a few at once, again where that helps, and charged when their answers are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from antiphon.batches import sender as sender_module
from antiphon.batches import store
from antiphon.batches.lines import Line
from antiphon.batches.model import Batch, Counts
from antiphon.batches.sender import Answer, Answered, Sender
from antiphon.db import Database
from antiphon.ids import seeded
from tests.unit.batches.made import batch, files_of, named

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])  # the stores are tried on each


class Answering:
    """Stands where requests are answered: says what it is told, and counts. None is answered before `together` came."""

    def __init__(self, *statuses: int, together: int = 1) -> None:
        self._statuses = list(statuses)
        self._together = together
        self._are_there = asyncio.Event()
        self.asked: list[str] = []
        self.stood: list[bool] = []
        self.at_once = self.most_at_once = 0

    async def __call__(self, _batch: Batch, line: Line) -> Answered:
        """The next status, 200 when there are no more."""
        self.asked.append(line.custom_id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if self.at_once >= self._together:
            self._are_there.set()
        await self._are_there.wait()
        await asyncio.sleep(0)
        self.at_once -= 1
        status = self._statuses.pop(0) if self._statuses else 200
        return Answered(status, "req_1", b"{}", self.stood.append, 0)


class Sending:
    """A batch of ten requests, and who sends them."""

    def __init__(self, database: Database, answering: Answer, quiet: Callable[[], bool] = lambda: True) -> None:
        self.database = database
        self.files = files_of(database)
        self.sender = Sender(database, self.files, answering, parallel=3, quiet=quiet, ids=seeded(3))
        self.batch = batch()

    async def begin(self, count: int = 10) -> None:
        """Keep the file and the batch."""
        file = await self.files.add("ann", "f", named(count))
        self.batch = batch(input_file_id=file.id)
        await self.database.write(lambda connection: store.insert(connection, self.batch))

    async def counts(self) -> Counts:
        """How many have been answered."""
        kept = await self.database.read(lambda connection: store.get(connection, "ann", self.batch.id))
        assert kept is not None
        return kept.counts


async def test_all_are_sent_a_few_at_once(database: Database) -> None:
    """Each once, and each answer stands."""
    answering = Answering(together=3)
    sending = Sending(database, answering)
    await sending.begin()
    await sending.sender.send(sending.batch)
    assert sorted(answering.asked) == sorted(f"n{number}" for number in range(10))
    assert (answering.most_at_once, answering.stood) == (3, [True] * 10)
    assert await sending.counts() == Counts(10, 0)
    await sending.sender.send(sending.batch)
    assert len(answering.asked) == 10


async def test_what_has_its_answer_is_not_sent(database: Database) -> None:
    """Whoever sent it; and an answer that came second does not stand."""
    answering = Answering()
    sending = Sending(database, answering)
    await sending.begin()
    for number in (0, 4):
        assert await sending.sender.keep(sending.batch, Line(number, "n", b""), "said", good=True)
    await sending.sender.send(sending.batch)
    assert len(answering.asked) == 8
    assert not await sending.sender.keep(sending.batch, Line(0, "n", b""), "said otherwise", good=True)


@pytest.mark.parametrize(
    ("statuses", "asked", "counts"),
    [
        ((503, 429, 429, 503, 200), 5, Counts(1, 0)),
        ((502, 200), 2, Counts(1, 0)),
        ((502, 500, 504, 200), 3, Counts(0, 1)),
        ((400, 200), 1, Counts(0, 1)),
    ],
)
async def test_some_refusals_are_asked_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, statuses: tuple[int, ...], asked: int, counts: Counts
) -> None:
    """Too much to do until there is room, a failure a few times, a mistake never; only the last answer can stand."""
    monkeypatch.setattr(sender_module, "RETRY_S", 0.0)
    answering = Answering(*statuses)
    sending = Sending(database, answering)
    await sending.begin(1)
    await sending.sender.send(sending.batch)
    assert answering.stood == [False] * (asked - 1) + [True]
    assert await sending.counts() == counts


async def test_who_waits_to_be_tried_again_is_in_nobodys_way(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for three, three that are refused for long leave it to the others."""
    monkeypatch.setattr(sender_module, "RETRY_S", 60.0)
    refused, served, full = Answering(503, 503, 503), Answering(), asyncio.Event()

    async def answer(asked: Batch, line: Line) -> Answered:
        if asked.id == "batch_1" and len(refused.asked) == 2:
            full.set()
        return await (refused if asked.id == "batch_1" else served)(asked, line)

    sending = Sending(database, answer)
    await sending.begin(3)
    held = asyncio.create_task(sending.sender.send(sending.batch))
    await full.wait()
    other = batch(2, input_file_id=sending.batch.input_file_id)
    await database.write(lambda connection: store.insert(connection, other))
    await sending.sender.send(other)
    held.cancel()
    assert served.stood == [True] * 3


async def test_others_go_first(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """While anybody waits, nothing more is sent."""
    monkeypatch.setattr(sender_module, "PAUSE_S", 0.0)
    looked: list[int] = []

    def quiet() -> bool:
        looked.append(len(answering.asked))
        return len(looked) > 5

    answering = Answering()
    sending = Sending(database, answering, quiet)
    await sending.begin(1)
    await sending.sender.send(sending.batch)
    assert looked == [0] * 6
