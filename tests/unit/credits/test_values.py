"""Many rows in one statement."""

from __future__ import annotations

import pytest

from antiphon.credits import values
from antiphon.db import Connection, Database, Row


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 64, 65, 200])
async def test_any_number_of_rows(database: Database, count: int) -> None:
    """All of them, in few different statements."""

    def work(connection: Connection) -> tuple[int, list[Row]]:
        rows = [("USDC", f"user:{number}", number) for number in range(count)]
        added = values.run(connection, "INSERT INTO ledger_accounts (ledger, id, balance) VALUES", rows)
        names = [(row[1],) for row in rows]
        head = "SELECT id, balance FROM ledger_accounts WHERE ledger = :ledger AND id IN (VALUES"
        return added, values.all_of(connection, head, names, ")", ledger="USDC")

    added, found = await database.write(work)
    assert added == count
    assert sorted(found) == sorted((f"user:{number}", number) for number in range(count))


def test_there_are_few_statements() -> None:
    """Databases prepare each form once."""
    statements = {
        values._statement("X", len(some), 2, "") for n in range(1, 300) for some in values._some([(1, 2)] * n)
    }
    assert len(statements) == len(values.SIZES)
