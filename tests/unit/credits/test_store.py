"""Accounts and journals in the database."""

from __future__ import annotations

import ast
import re
from functools import partial

import pytest

from antiphon.credits import ledger, store
from antiphon.credits.ledger import Account, Entry, Journal
from antiphon.db import Connection, ConstraintBroken
from antiphon.errors import InsufficientCredits
from tests.architecture.tree import sources
from tests.unit.credits.books import AT_MS, Books

CHANGES = re.compile(r"\b(UPDATE|DELETE\s+FROM|REPLACE\s+INTO|TRUNCATE)\s+ledger_(journals|entries)\b", re.IGNORECASE)


def test_nothing_changes_what_was_written() -> None:
    """No statement of the package changes or removes a journal or an entry."""
    texts = [
        (source.module, node.value)
        for source in sources("src")
        if "ledger_" in source.text
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert any("INSERT INTO ledger_journals" in text for _, text in texts)
    assert [(module, text) for module, text in texts if CHANGES.search(text)] == []


async def test_an_account_begins_empty(books: Books) -> None:
    """Before anything has come to it."""
    assert await books.state(("USDC", "user:nobody")) == Account("USDC", "user:nobody")


async def test_history_is_read_in_parts(books: Books) -> None:
    """Newest first, going on below the last number that was seen."""
    key = await books.account()
    for number in range(5):
        await books.run(partial(store.post, journal=ledger.grant(key, f"g{number}", number + 1, at_ms=AT_MS + number)))
    first = await books.database.read(partial(store.history, key=key, limit=3))
    rest = await books.database.read(partial(store.history, key=key, before=first[-1].number, limit=3))
    assert [(line.journal_id, line.kind, line.at_ms, line.amount) for line in first + rest] == [
        (f"g{number}", "grant", AT_MS + number, number + 1) for number in (4, 3, 2, 1, 0)
    ]


async def test_an_unbalanced_journal_is_refused(books: Books) -> None:
    """Whoever made it, nothing of it is kept."""
    key = await books.account(10)
    wrong = Journal("USDC", "wrong", "transfer", AT_MS, (Entry(key[1], -5), Entry("user:b", 4)))
    with pytest.raises(ValueError, match="journal wrong: its entries do not sum to zero"):
        await books.run(partial(store.post, journal=wrong))
    assert (await books.state(key)).balance == 10


async def test_the_outside_is_not_there_for_play_money(books: Books) -> None:
    """DEV has no accounts through which money comes in or goes out."""
    wrong = Journal("DEV", "wrong", "topup", AT_MS, (Entry(ledger.USDC_IN, -5), Entry("user:b", 5)))
    with pytest.raises(InsufficientCredits):
        await books.run(partial(store.post, journal=wrong))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_accounts SET balance = -1 WHERE id = :id",
        "UPDATE ledger_accounts SET held = -1 WHERE id = :id",
        "UPDATE ledger_accounts SET held = balance + 1 WHERE id = :id",
        "UPDATE ledger_accounts SET ledger = 'EUR' WHERE id = :id",
        "INSERT INTO ledger_entries (ledger, number, account, amount) VALUES ('USDC', 1, :id, 0)",
        "INSERT INTO ledger_entries (ledger, number, account, amount) VALUES ('USDC', 999, :id, 1)",
        "INSERT INTO ledger_entries (ledger, number, account, amount) VALUES ('DEV', 1, :id, 1)",
        "UPDATE ledger_journals SET number = 0 WHERE :id = :id",
        "INSERT INTO ledger_journals SELECT ledger, 9, id, kind, at_ms, hash FROM ledger_journals WHERE :id = :id",
        "DELETE FROM ledger_journals WHERE :id = :id",
        "DELETE FROM ledger_accounts WHERE id = :id",
    ],
)
async def test_the_tables_refuse_what_must_not_be(books: Books, sql: str) -> None:
    """The last line, behind all conditions of our own statements."""
    key = await books.account(10)

    def work(connection: Connection) -> None:
        connection.run(sql, id=key[1])

    with pytest.raises(ConstraintBroken):
        await books.run(work)


async def test_many_journals_at_once(books: Books) -> None:
    """They follow each other in the chain, and what is there already is not among those to add."""
    key = await books.account(10_000)
    journals = [ledger.transfer("USDC", f"m{n}", key[1], f"user:to-{n % 7}", n + 1, at_ms=AT_MS) for n in range(100)]
    await books.run(partial(store.post, journal=journals[3]))

    def work(connection: Connection) -> list[str]:
        fresh = store.unposted(connection, [*journals, journals[0]])
        store.add(connection, fresh)
        return [journal.id for journal in fresh]

    assert await books.run(work) == [journal.id for journal in journals if journal.id != "m3"]
    assert (await books.state(key)).balance == 10_000 - sum(range(101))
