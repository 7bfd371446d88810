"""Batches from their file to their answers, on one gateway and on the next."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.batches import runner as runner_module
from antiphon.batches.files import Files
from antiphon.batches.lines import Line
from antiphon.batches.model import RUNNING, WINDOW_S, Batch
from antiphon.batches.runner import Runner
from antiphon.batches.sender import Answered, Sender
from antiphon.batches.service import Batches
from antiphon.batches.store import Kept
from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.ids import seeded
from tests.unit.batches.made import ANN, CHAT, NOW_MS, files_of, named

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])


class House:
    """A gateway's runner, and what an account sees of it."""

    def __init__(self, database: Database, *, held: bool = False, seed: int = 5) -> None:
        self.clock = ManualClock(NOW_MS / 1000)
        self.files: Files = files_of(database, self.clock)
        self.open = asyncio.Event()
        self.sent: list[str] = []
        self.began = asyncio.Event()
        self.stood: list[bool] = []
        self.failures: list[str] = []
        if not held:
            self.open.set()
        sender = Sender(database, self.files, self._answer, parallel=2, quiet=lambda: True, ids=seeded(seed))
        self.runner = Runner(
            database,
            self.files,
            sender,
            requests_max=100,
            keep_ms=1_000_000,
            clock=self.clock,
            ids=seeded(seed + 1),
            on_failure=lambda batch_id, failure: self.failures.append(f"{batch_id}: {failure!r}"),
        )
        self.batches = Batches(
            database, per_account_max=9, clock=self.clock, ids=seeded(seed + 2), on_made=self.runner.wake
        )

    async def _answer(self, _batch: Batch, line: Line) -> Answered:
        self.sent.append(line.custom_id)
        self.began.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.stood.append(False)
            raise
        return Answered(400 if line.custom_id == "n1" else 200, "req_1", b"{}", self.stood.append)

    async def begin(self, content: bytes, answers_s: int | None = None) -> str:
        """A batch of a file."""
        file = await self.files.add("ann", "f", content)
        return (await self.batches.create(ANN, file.id, CHAT, {}, answers_s=answers_s)).batch.id

    async def over(self, batch_id: str) -> Kept:
        """The batch, once nothing more becomes of it."""
        running = asyncio.create_task(self.runner.run())
        try:
            async with asyncio.timeout(20):
                while (kept := await self.batches.get("ann", batch_id)).batch.status in RUNNING:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        finally:
            running.cancel()
            await self.runner.close()
        assert self.failures == []
        return kept

    async def lines(self, file_id: str | None) -> int:
        """How many lines a file of answers has."""
        assert file_id is not None
        return "".join([piece async for piece in self.files.content(await self.files.get("ann", file_id))]).count("\n")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beats that no test waits for."""
    monkeypatch.setattr(runner_module, "BEAT_S", 0.01)
    monkeypatch.setattr(runner_module, "LOOK_S", 0.01)


async def test_a_batch_is_completed(database: Database) -> None:
    """With a file of good answers and one of the others."""
    house = House(database)
    kept = await house.over(await house.begin(named(5)))
    assert (kept.batch.status, kept.batch.total) == ("completed", 5)
    assert list(kept.batch.moments) == ["in_progress", "finalizing", "completed"]
    assert [await house.lines(kept.batch.output_file_id), await house.lines(kept.batch.error_file_id)] == [4, 1]
    assert house.stood == [True] * 5


async def test_answers_may_go_sooner(database: Database) -> None:
    """As the batch says."""
    house = House(database)
    kept = await house.over(await house.begin(named(1), answers_s=500))
    assert kept.batch.output_file_id is not None
    file = await house.files.get("ann", kept.batch.output_file_id)
    assert file.expires_at_ms - file.created_at_ms == 500_000


async def test_a_file_that_is_no_batch_fails(database: Database) -> None:
    """Before anything is sent."""
    house = House(database)
    kept = await house.over(await house.begin(b"nonsense\n"))
    assert (kept.batch.status, house.sent) == ("failed", [])
    assert [(fault.line, fault.code) for fault in kept.batch.faults] == [(1, "invalid_json_line")]


async def test_a_batch_is_cancelled_in_the_middle(database: Database) -> None:
    """What is under way comes to nothing."""
    house = House(database, held=True)
    batch_id = await house.begin(named(5))
    over = asyncio.create_task(house.over(batch_id))
    await house.began.wait()
    await house.batches.cancel("ann", batch_id)
    kept = await over
    assert (kept.batch.status, kept.batch.output_file_id, house.stood) == ("cancelled", None, [False, False])


async def test_a_window_closes(database: Database) -> None:
    """Each request that is left is told so."""
    house = House(database, held=True)
    batch_id = await house.begin(named(5))
    over = asyncio.create_task(house.over(batch_id))
    await house.began.wait()
    house.clock.advance(WINDOW_S)
    kept = await over
    assert (kept.batch.status, kept.counts.failed) == ("expired", 5)
    assert await house.lines(kept.batch.error_file_id) == 5


async def test_another_gateway_goes_on(database: Database) -> None:
    """At once where the first one left; what was answered is not asked again."""
    first, second = House(database, held=True), House(database, seed=50)
    batch_id = await first.begin(named(5))
    running = asyncio.create_task(first.runner.run())
    await first.began.wait()
    running.cancel()
    await first.runner.close()
    assert first.stood == [False, False]
    kept = await second.over(batch_id)
    assert (kept.batch.status, len(second.sent)) == ("completed", 5)
