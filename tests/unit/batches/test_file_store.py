"""Files in the database: by account, in pieces, with the answers of batches."""

from __future__ import annotations

from antiphon.batches import file_store, store
from antiphon.db import Connection, Database
from antiphon.interactions.paging import Paging
from tests.unit.batches.made import NOW_MS, batch, file


async def test_a_file_is_its_pieces(database: Database) -> None:
    """In their order; whoever else asks is told of none."""

    def work(connection: Connection) -> None:
        file_store.insert(connection, file(account=""))
        file_store.append(connection, "file-1", 0, ["a\n", "b\n"])
        file_store.append(connection, "file-1", 2, ["c"])
        assert file_store.get(connection, "ann", "file-1") is None
        file_store.give(connection, "file-1", "ann")
        assert file_store.get(connection, "ann", "file-1") == file()
        assert file_store.get(connection, "bob", "file-1") is None
        assert [file_store.piece(connection, "file-1", number) for number in range(4)] == ["a\n", "b\n", "c", None]
        assert not file_store.delete(connection, "bob", "file-1")
        assert file_store.delete(connection, "ann", "file-1")
        assert file_store.piece(connection, "file-1", 0) is None

    await database.write(work)


async def test_files_are_listed_in_parts(database: Database) -> None:
    """Either way round, of one purpose or of all."""

    def work(connection: Connection) -> None:
        for number in range(1, 4):
            purpose = "batch" if number < 3 else "batch_output"
            file_store.insert(connection, file(number, purpose=purpose, good=True if number == 3 else None))
        first = file_store.page(connection, "ann", None, Paging(limit=2))
        assert [one.id for one in first.items] == ["file-3", "file-2"]
        assert first.items[0].good is True
        rest = file_store.page(connection, "ann", None, Paging(after=first.next, limit=2))
        assert ([one.id for one in rest.items], rest.next) == (["file-1"], None)
        asked = file_store.page(connection, "ann", "batch", Paging(order="asc"))
        assert [one.id for one in asked.items] == ["file-1", "file-2"]
        assert file_store.page(connection, "bob", None, Paging()).items == ()

    await database.write(work)


async def test_a_file_of_answers_is_its_batch(database: Database) -> None:
    """The good ones, or the others; they go with it."""

    def work(connection: Connection) -> None:
        store.insert(connection, batch())
        for number in range(4):
            store.answer(connection, "batch_1", number, f"answer {number}", good=number != 2)
        good = file(1, batch_id="batch_1", good=True)
        bad = file(2, batch_id="batch_1", good=False)
        for one in (good, bad):
            file_store.insert(connection, one)
        assert file_store.answers(connection, good, -1) == [(0, "answer 0"), (1, "answer 1"), (3, "answer 3")]
        assert file_store.answers(connection, good, 1) == [(3, "answer 3")]
        assert file_store.answers(connection, bad, -1) == [(2, "answer 2")]
        assert file_store.delete(connection, "ann", "file-1")
        assert file_store.answers(connection, good, -1) == []
        assert len(file_store.answers(connection, bad, -1)) == 1

    await database.write(work)


async def test_files_expire_one_by_one(database: Database) -> None:
    """The oldest first, whoever's they are."""

    def work(connection: Connection) -> None:
        file_store.insert(connection, file(1))
        file_store.insert(connection, file(2, account="bob", expires_at_ms=NOW_MS + 5_000))
        assert not file_store.delete_expired(connection, NOW_MS)
        assert file_store.delete_expired(connection, NOW_MS + 2_000)
        assert not file_store.delete_expired(connection, NOW_MS + 2_000)

    await database.write(work)
