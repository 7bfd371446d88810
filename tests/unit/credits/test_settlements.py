"""Charging behind the answers: in groups, each once, and what is lost is told."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from antiphon.credits import receipt_store, store
from antiphon.credits import settlements as settlements_module
from antiphon.credits.closing import Closing
from antiphon.credits.ledger import AccountKey
from antiphon.credits.service import Credits
from antiphon.credits.settlements import GROUP_MAX
from antiphon.db import Connection, progress
from antiphon.errors import Unavailable
from tests.unit.credits.asking import draft, name_of
from tests.unit.credits.books import Books


async def charge(books: Books, gateway: Credits, key: AccountKey, cost: int = 1) -> str:
    """Serve a request; its id."""
    hold = await gateway.leases.open(key, books.name(), cost)
    gateway.leases.capture(hold, cost)
    return hold.id


async def test_charges_are_made_in_groups(books: Books) -> None:
    """Far fewer transactions than requests, and none is left."""
    gateway, key = await books.gateway(), await books.account(10_000)
    before = await books.run(beats)
    for _ in range(GROUP_MAX + 50):
        await charge(books, gateway, key)
    assert gateway.leases.settlements.pending > 0
    assert (await gateway.balance(key)).balance == 10_000 - GROUP_MAX - 50
    assert gateway.leases.settlements.pending == 0
    assert await books.run(beats) - before < 20


def beats(connection: Connection) -> int:
    """How many works of gateways there were."""
    row = connection.one("SELECT COALESCE(SUM(beat), 0) FROM ledger_gateways")
    assert row is not None
    return int(row[0])


async def test_who_asks_for_a_charge_waits_for_it(books: Books) -> None:
    """And one that is not on its way is settled at once."""
    gateway, key = await books.gateway(), await books.account(100)
    await gateway.leases.settlements.settled("never there")
    name = await charge(books, gateway, key)
    await gateway.leases.settlements.settled(name)
    (line, _) = await books.database.read(partial(store.history, key=key, limit=2))
    assert (line.journal_id, line.amount) == (f"use:{name}", -1)


async def test_waiting_has_an_end(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database is away."""
    monkeypatch.setattr(progress, "WAIT_S_MAX", 0.01)
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.leases.open(key, books.name(), 1)
    books.database.away = True
    gateway.leases.capture(hold, 1)
    with pytest.raises(Unavailable, match="not charged yet"):
        await gateway.leases.settlements.settled(hold.id)
    books.database.away = False


async def test_an_answer_leaves_before_it_is_charged(books: Books) -> None:
    """What one turn of the loop wrote goes out at its end, so nothing of that turn is charged within it."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.leases.open(key, books.name(), 25)
    books.database.away = True
    gateway.leases.capture(hold, 25)
    await asyncio.sleep(0)
    assert not books.database.refused.is_set()
    await books.database.refused.wait()
    books.database.away = False
    assert (await gateway.balance(key)).balance == 75


async def test_too_much_on_its_way_stops_admission(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the house may lose at once is bounded; what was admitted before is still charged."""
    monkeypatch.setattr(settlements_module, "UNSETTLED_MAX", 3)
    gateway, key = await books.gateway(), await books.account(100)
    holds = [await gateway.leases.open(key, books.name(), 1) for _ in range(5)]
    books.database.away = True
    for hold in holds:
        gateway.leases.capture(hold, 1)
    with pytest.raises(Unavailable, match="as fast as they come") as caught:
        await gateway.leases.open(key, books.name(), 1)
    assert caught.value.retry_after_s == 1
    books.database.away = False
    assert (await gateway.balance(key)).balance == 95
    assert await gateway.leases.open(key, books.name(), 1)


async def test_what_the_books_refuse_is_lost_alone(books: Books) -> None:
    """Others of its group are charged."""
    gateway, key = await books.gateway(), await books.account(100)
    bad = await gateway.leases.open(key, books.name("nul\0"), 1)
    names = [await charge(books, gateway, key) for _ in range(3)]
    gateway.leases.capture(bad, 1)
    names += [await charge(books, gateway, key) for _ in range(3)]
    assert (await gateway.balance(key)).balance == 94
    ((settlement, reason),) = books.lost
    assert settlement.request_id == bad.id
    assert "the books refuse it" in reason
    assert len(names) == 6
    books.lost.clear()
    assert await gateway.leases.open(key, books.name(), 94)


async def test_the_end_settles_what_is_on_its_way(books: Books) -> None:
    """Before the gateway is gone."""
    gateway, key = await books.gateway(), await books.account(100)
    await charge(books, gateway, key, 30)
    await gateway.close()
    account = await books.state(key)
    assert (account.balance, account.held) == (70, 0)
    assert books.lost == []


async def test_an_end_without_a_database_loses(books: Books) -> None:
    """And tells each charge that it takes along; the house has lost it, not the customer."""
    gateway, key = await books.gateway("same"), await books.account(100)
    hold = await gateway.leases.open(key, books.name(), 30)
    books.database.away = True
    gateway.leases.capture(hold, 30)
    await gateway.leases.settlements.close()
    assert [(settlement.cost, reason) for settlement, reason in books.lost] == [(30, "the gateway ends")]
    books.database.away = False
    books.lost.clear()
    await books.gateway("same")
    account = await books.state(key)
    assert (account.balance, account.held) == (100, 0)


async def test_idle_settlers_write_nothing(books: Books) -> None:
    """Without a charge there is no transaction."""
    gateway = await books.gateway()
    before = await books.run(beats)
    await asyncio.sleep(0)
    await gateway.keep()
    assert await books.run(beats) == before


async def test_a_lost_charge_leaves_its_receipt(books: Books) -> None:
    """It says that nothing was charged; the others of its group are charged as theirs say."""
    gateway, key = await books.gateway(), await books.account(100)
    settlements = gateway.leases.settlements
    names = [f"{books.name()}\0", books.name()]
    for name in names:
        hold = await gateway.leases.open(key, name, 50)
        assert gateway.leases.end(hold, 9, 1)
        settlements.put(Closing(name, hold, draft(id=name.strip("\0"), account=name_of(key))))
    while settlements.pending:
        await settlements.all_settled()
    ends = []
    for name in names:
        found = await books.run(partial(receipt_store.get, account=name_of(key), receipt_id=name.strip("\0")))
        ends.append((found.receipt.charged, found.receipt.reason))
    assert ends == [(0, "not_charged"), (9, "delivered")]
    assert (await books.state(key)).balance == 91
    assert len(books.lost) == 1
    books.lost.clear()


async def test_too_many_receipts(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of free requests are lost, and told, when far too many wait; charges are not."""
    monkeypatch.setattr(settlements_module, "UNSETTLED_MAX", 1)
    gateway = await books.gateway()
    books.database.away = True
    for number in range(4):
        gateway.leases.settlements.put(Closing(f"free-{number}", draft=draft(id=f"free-{number}", charged=0)))
    gateway.leases.settlements.put_together()
    assert [settlement.request_id for settlement, _ in books.lost] == ["free-0", "free-1"]
    books.database.away = False
    books.lost.clear()
    await gateway.leases.settlements.all_settled()


async def test_the_end_waits_for_nothing_that_is_lost(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all that came last is lost for want of room, a gateway still ends."""
    monkeypatch.setattr(settlements_module, "UNSETTLED_MAX", 0)
    settlements = (await books.gateway()).leases.settlements
    settlements.put(Closing("free", draft=draft(id="free", charged=0)))
    async with asyncio.timeout(5):
        await settlements.close()
    assert [settlement.request_id for settlement, _ in books.lost] == ["free"]
    books.lost.clear()
