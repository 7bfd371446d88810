"""Receipts in the database."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest

from antiphon.chat import Usage
from antiphon.credits import receipt_store, store
from antiphon.credits.ledger import usage
from antiphon.db import Connection, ConstraintBroken, Database
from tests.unit.credits.asking import RECEIPT, draft, name_of, receipt, receipt_of
from tests.unit.credits.books import AT_MS, Books

DRAFT = draft()


async def run(database: Database, work: Callable[..., Any], *words: Any, **named: Any) -> Any:
    """What a work returns."""
    return await database.write(lambda connection: work(connection, *words, **named))


async def test_a_receipt_is_kept_as_it_is(database: Database) -> None:
    """Found by the answer's id and by the request's; nothing was charged in these books, so there is no journal."""
    await run(database, receipt_store.insert, [DRAFT])
    for name in ("answer-1", "request-1"):
        filed = await run(database, receipt_store.get, "ann", name)
        assert (filed.receipt, filed.number, filed.hash) == (RECEIPT, None, None)


async def test_a_receipt_that_was_kept_with_names_is_read(database: Database) -> None:
    """As receipts were before; and every field comes back."""
    request = {"streamed": True, "campaign": "tone", "variant": "b", "usage": Usage(5, 2, 1, 1, 0, 9)}
    full = receipt(**request, answer_sha256=None)
    await run(database, receipt_store.insert, [draft(**request, answer=None)])
    assert (await run(database, receipt_store.get, "ann", "answer-1")).receipt == full
    content = msgspec.json.encode(full).decode()
    await run(database, lambda connection: connection.run("UPDATE receipts SET content = :content", content=content))
    assert (await run(database, receipt_store.get, "ann", "answer-1")).receipt == full


async def test_what_is_there_stays(database: Database) -> None:
    """A work that runs again changes nothing."""
    await run(database, receipt_store.insert, [DRAFT, draft(id="answer-2", charged=1)])
    await run(database, receipt_store.insert, [draft(charged=0)])
    assert (await run(database, receipt_store.get, "ann", "answer-1")).receipt.charged == RECEIPT.charged


async def test_somebody_else_s_is_unknown(database: Database) -> None:
    """By either id."""
    await run(database, receipt_store.insert, [DRAFT])
    assert await run(database, receipt_store.get, "bob", "answer-1") is None
    assert await run(database, receipt_store.get, "bob", "request-1") is None


async def test_the_latest_of_a_request_s_name(database: Database) -> None:
    """Clients may give two requests the same id."""
    late = draft(id="answer-0", ended_at_ms=AT_MS + 9)
    await run(database, receipt_store.insert, [DRAFT, late])
    assert (await run(database, receipt_store.get, "ann", "request-1")).receipt == receipt_of(late)


async def test_the_journal_is_shown(books: Books) -> None:
    """Its number, and its hash in the chain."""
    key = await books.account(100)
    journal = usage(key, "answer-1", 9, at_ms=AT_MS)
    await books.run(partial(store.post, journal=journal))
    name = name_of(key)
    await books.run(lambda connection: receipt_store.insert(connection, [draft(account=name)]))
    filed = await books.run(lambda connection: receipt_store.get(connection, name, "answer-1"))
    assert filed.number > 0
    assert len(filed.hash) == 64


async def test_old_ones_are_forgotten(database: Database) -> None:
    """The oldest first, so many at a time."""
    kept = [draft(id=f"answer-{number}", ended_at_ms=number) for number in range(5)]
    await run(database, receipt_store.insert, kept)
    assert await run(database, receipt_store.prune, 3, 2) == 2
    assert await run(database, receipt_store.get, "ann", "answer-0") is None
    assert await run(database, receipt_store.get, "ann", "answer-2") is not None
    assert await run(database, receipt_store.prune, 3, 2) == 1
    assert await run(database, receipt_store.prune, 3, 2) == 0
    assert await run(database, receipt_store.get, "ann", "answer-3") is not None


async def test_no_charge_is_above_its_hold(database: Database) -> None:
    """The table itself refuses it."""

    def work(connection: Connection) -> None:
        receipt_store.insert(connection, [draft(charged=RECEIPT.held + 1)])

    with pytest.raises(ConstraintBroken):
        await database.write(work)
