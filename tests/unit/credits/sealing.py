"""The story of the seal on every journal."""

from __future__ import annotations

from functools import partial

from antiphon.credits import store
from antiphon.db import Connection
from tests.unit.credits.books import Books


async def every_journal_is_sealed(books: Books) -> None:
    """An entry that was changed is named by its journal, and when it is put right all is well."""
    key = await books.account(100)
    await books.account(50)
    (line,) = await books.database.read(partial(store.history, key=key, limit=1))
    await books.run(partial(_change, number=line.number, by=7))
    fault = await books.fault()
    assert fault is not None
    assert f"journal {line.number} of USDC" in fault.row
    assert "hash" in fault.rule
    await books.run(partial(_change, number=line.number, by=-7))
    assert await books.fault() is None


def _change(connection: Connection, number: int, by: int) -> None:
    sql = "UPDATE ledger_entries SET amount = amount + :by WHERE number = :number AND ledger = 'USDC'"
    connection.run(sql, by=by, number=number)
