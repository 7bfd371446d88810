"""Statements of what nodes earned: an account for each node and owner, what was paid out taken off."""

from __future__ import annotations

from functools import partial

import pytest

from antiphon.credits import ledger, store
from antiphon.credits.earnings import PAGE_ROWS, Earnings
from tests.fixtures.databases.plugin import KINDS
from tests.unit.credits.books import AT_MS, Books

pytestmark = pytest.mark.parametrize("database_kind", KINDS, indirect=True)


async def earn(books: Books, account: str, amount: int) -> None:
    """Let an account have earned so much."""
    await books.run(partial(store.post, journal=ledger.grant(("USDC", account), books.name(), amount, at_ms=AT_MS)))


async def test_a_statement(books: Books) -> None:
    """Of one owner, in whatever case the address is written; what was paid out was earned all the same."""
    owner, other = books.name(), books.name()
    first, second = ledger.node("a", owner.upper()), ledger.node("b@c", owner)
    for account, amount in ((first, 70), (second, 30), (ledger.node("a", other), 5)):
        await earn(books, account, amount)
    await books.run(partial(store.post, journal=ledger.payout(books.name(), {first: 50, second: 30}, at_ms=AT_MS)))
    found = await Earnings(books.database).of(owner.lower(), "USDC")
    assert [(one.node, one.earned, one.paid, one.owed) for one in found] == [("a", 70, 50, 20), ("b@c", 30, 30, 0)]
    assert await Earnings(books.database).of(owner, "DEV") == []


async def test_all_of_them(books: Books) -> None:
    """Page by page, and nothing but nodes."""
    owner = books.name()
    accounts = {ledger.node(f"n{number:04d}", owner) for number in range(PAGE_ROWS // 100 + 3)}
    for account in accounts:
        await earn(books, account, 1)
    await books.account(9)
    found = await Earnings(books.database).of(None, "USDC")
    assert accounts <= {one.account for one in found}
    assert all(one.account.startswith("node:") for one in found)
