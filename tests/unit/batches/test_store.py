"""Batches in the database: who is at work on them, and answers that stand once."""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.batches import store
from antiphon.batches.model import Batch, Counts
from antiphon.db import Connection, Database
from antiphon.interactions.paging import Paging
from tests.unit.batches.made import NOW_MS, batch


async def test_a_batch_is_its_accounts(database: Database) -> None:
    """Listed the newest first, counted while it runs, forgotten when it is over and old."""

    def work(connection: Connection) -> None:
        store.insert(connection, batch(1))
        store.insert(connection, batch(2, status="completed"))
        store.insert(connection, batch(3, account="bob"))
        first = store.page(connection, "ann", Paging(limit=1))
        assert [kept.batch.id for kept in first.items] == ["batch_2"]
        rest = store.page(connection, "ann", Paging(after=first.next))
        assert [kept.batch.id for kept in rest.items] == ["batch_1"]
        assert store.get(connection, "bob", "batch_1") is None
        assert store.running(connection, "ann") == 1
        assert store.forget(connection, NOW_MS + 100) == 1
        assert store.get(connection, "ann", "batch_2") is None

    await database.write(work)


async def test_a_batch_is_one_runners(database: Database) -> None:
    """Until its time is over, or it lets go."""

    def work(connection: Connection) -> None:
        store.insert(connection, batch(1))
        store.insert(connection, batch(2, status="failed"))
        assert store.claim(connection, "r", now_ms=NOW_MS, until_ms=NOW_MS + 10) == batch(1)
        assert store.claim(connection, "s", now_ms=NOW_MS + 9, until_ms=NOW_MS + 20) is None
        assert store.beat(connection, "batch_1", "r", until_ms=NOW_MS + 15) == batch(1)
        assert store.claim(connection, "s", now_ms=NOW_MS + 10, until_ms=NOW_MS + 20) is None
        assert store.claim(connection, "s", now_ms=NOW_MS + 15, until_ms=NOW_MS + 25) == batch(1)
        assert store.beat(connection, "batch_1", "r", until_ms=NOW_MS + 99) is None
        store.let_go(connection, "s")
        assert store.claim(connection, "r", now_ms=NOW_MS + 16, until_ms=NOW_MS + 26) == batch(1)

    await database.write(work)


async def test_accounts_begin_in_turn(database: Database) -> None:
    """Whoever has most under way comes last, and of one account the oldest comes first."""

    def work(connection: Connection) -> list[str]:
        for number, account in enumerate(("ann", "ann", "ann", "bob"), 1):
            store.insert(connection, batch(number, account=account))
        claimed = [store.claim(connection, "r", now_ms=NOW_MS, until_ms=NOW_MS + 10) for _ in range(5)]
        return [one.id for one in claimed if one is not None]

    assert await database.write(work) == ["batch_1", "batch_4", "batch_2", "batch_3"]


async def test_an_answer_stands_once(database: Database) -> None:
    """A second one is refused, the same one again is not, and each is counted once."""

    def work(connection: Connection) -> None:
        store.insert(connection, batch(1))
        assert store.answer(connection, "batch_1", 0, "a", good=True)
        assert store.answer(connection, "batch_1", 0, "a", good=True)
        assert not store.answer(connection, "batch_1", 0, "b", good=True)
        assert store.answer(connection, "batch_1", 5, "\u00e9", good=False)
        assert not store.answer(connection, "batch_9", 0, "a", good=True)
        kept = store.get(connection, "ann", "batch_1")
        assert kept is not None
        assert kept.counts == Counts(1, 1)
        assert store.answered(connection, "batch_1", 0, 4) == {0}
        assert store.sizes(connection, "batch_1") == {True: 2, False: 3}

    await database.write(work)


async def test_a_change_is_made_of_what_is_there(database: Database) -> None:
    """And comes to nothing where nothing is."""

    def work(connection: Connection) -> None:
        store.insert(connection, batch(1))
        changed = store.change(connection, "batch_1", lambda one: replace(one.become("in_progress", 5), total=3))
        assert changed is not None
        assert (changed.status, changed.moments, changed.total) == ("in_progress", {"in_progress": 5}, 3)
        kept = store.get(connection, "ann", "batch_1")
        assert kept is not None
        assert kept.batch == changed
        assert store.change(connection, "batch_9", _never) is None

    await database.write(work)


def _never(_batch: Batch) -> Batch:
    raise AssertionError("there is no such batch")
