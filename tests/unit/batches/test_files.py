"""Files of accounts: whole or not there, read in pieces, gone when their time is up."""

from __future__ import annotations

import pytest

from antiphon.batches import files as files_module
from antiphon.batches import lines as lines_module
from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.errors import BadRequest, BodyTooLarge, NotFound
from antiphon.interactions.paging import Paging
from tests.unit.batches.made import NOW_MS, files_of, named

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])  # the stores are tried on each


async def test_a_file_is_read_as_it_was(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pieces it takes; nobody else finds it."""
    monkeypatch.setattr(lines_module, "PIECE_CHARACTERS", 100)
    monkeypatch.setattr(files_module, "PIECES_TOGETHER", 2)
    files = files_of(database)
    content = named(20)
    made = await files.add("ann", "asked.jsonl", content)
    assert (made.size_bytes, made.name, made.expires_at_ms - made.created_at_ms) == (
        len(content),
        "asked.jsonl",
        2 * 86_400_000,
    )
    found = await files.get("ann", made.id)
    assert found == made
    pieces = [piece async for piece in files.content(found)]
    assert len(pieces) > 5
    assert "".join(pieces).encode() == content
    with pytest.raises(NotFound):
        await files.get("bob", made.id)
    assert [one.id for one in (await files.page("ann", "batch", Paging())).items] == [made.id]


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\xff{}", b'{"a": "\0"}'])
async def test_what_holds_no_lines_is_refused(database: Database, content: bytes) -> None:
    """With the field's name."""
    with pytest.raises(BadRequest, match="^file: "):
        await files_of(database).add("ann", "f", content)


async def test_a_file_has_a_bound(database: Database) -> None:
    """Beyond it nothing is kept."""
    files = files_of(database, size_bytes_max=1_024)
    with pytest.raises(BodyTooLarge):
        await files.add("ann", "f", named(100))
    assert (await files.page("ann", None, Paging())).items == ()


async def test_a_file_is_deleted(database: Database) -> None:
    """By its account only."""
    files = files_of(database)
    made = await files.add("ann", "f", named(1))
    for account in ("bob", "ann"):
        if account == "bob":
            with pytest.raises(NotFound):
                await files.delete(account, made.id)
        else:
            await files.delete(account, made.id)
    with pytest.raises(NotFound):
        await files.get("ann", made.id)


async def test_files_are_swept(database: Database) -> None:
    """When their time is up, by one gateway of several."""
    clock = ManualClock(NOW_MS / 1000)
    files = files_of(database, clock)
    await files.add("ann", "f", named(1))
    assert await files.sweep() == 0
    clock.advance(2 * 86_400 + 1)
    assert [await files.sweep(), await files.sweep()] == [1, 0]


async def test_a_file_is_kept_as_long_as_asked(database: Database) -> None:
    """But not longer than any."""
    files = files_of(database)
    for asked_s, expected_s in ((None, 172_800), (3_600, 3_600), (500_000, 172_800)):
        made = await files.add("ann", "f", named(1), expires_s=asked_s)
        assert made.expires_at_ms - made.created_at_ms == expected_s * 1000
