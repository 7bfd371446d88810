"""The books as a gateway keeps them: beginnings, ends, and what runs by itself."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.credits import service
from antiphon.credits.ledger import Hold
from antiphon.credits.service import Credits
from antiphon.db import Connection, Database
from antiphon.errors import NotFound
from tests.unit.credits.books import FAR_S, Books


async def test_it_looks_after_itself(books: Books, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started, it ends what nobody uses, also when the database was away for a while."""
    monkeypatch.setattr(service, "KEEP_EVERY_S", 0.001)
    gateway = Credits(books.database, gateway="own", clock=books.clock, on_lost=books.lost)
    await gateway.start()
    key = await books.account(100)
    gateway.leases.void(await gateway.leases.open(key, "r", 10))
    books.database.away = True
    await asyncio.sleep(0.005)
    books.clock.advance(60)
    books.database.away = False
    async with asyncio.timeout(20):
        while (await books.state(key)).held:
            pass
    await gateway.close()


async def test_an_end_leaves_nothing_held(books: Books) -> None:
    """Holds in the books and in memory, and the run itself."""
    gateway, key = await books.gateway("ends"), await books.account(100)
    hold = await gateway.open_hold(books.hold(key, 10), expires_in_s=FAR_S)
    leased = await gateway.leases.open(key, books.name(), 10)
    await gateway.close()
    assert leased.state == "voided"
    assert (await books.state(key)).held == 0

    def left(connection: Connection) -> object:
        row = connection.one("SELECT state FROM ledger_holds WHERE id = :id", id=hold.id)
        return row, connection.all("SELECT epoch FROM ledger_gateways WHERE gateway = 'ends'")

    assert await books.run(left) == (("expired",), [])


async def test_a_hold_survives_the_end_of_its_run(books: Books) -> None:
    """Opened by a run that others had ended, it belongs to a new one."""
    gateway, key = await books.gateway("twice"), await books.account(100)
    await books.gateway("twice")
    hold = await gateway.open_hold(books.hold(key, 10), expires_in_s=FAR_S)
    assert (await gateway.capture(hold.id, 4)).captured == 4


async def test_a_run_that_was_ended_begins_anew(books: Books) -> None:
    """When it looks after its holds and hears of it."""
    gateway, key = await books.gateway("again"), await books.account(100)
    hold = await gateway.open_hold(books.hold(key, 10), expires_in_s=FAR_S)
    await books.gateway("again")
    books.clock.advance(2)
    await gateway.keep()
    assert (await gateway.void(hold.id)).state == "expired"
    assert await gateway.leases.open(key, books.name(), 100)


async def test_what_was_never_held(books: Books) -> None:
    """Cannot be ended."""
    gateway = await books.gateway()
    for end in (gateway.void("nothing"), gateway.capture("nothing", 1)):
        with pytest.raises(NotFound, match="hold nothing: there is none"):
            await end


async def test_a_captured_nothing_is_free(books: Books) -> None:
    """A request that cost nothing leaves no journal."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.open_hold(books.hold(key, 10), expires_in_s=FAR_S)
    assert await gateway.capture(hold.id, 0) == Hold(hold.id, *key, 10, "captured", 0)
    leased = await gateway.leases.open(key, books.name(), 10)
    gateway.leases.capture(leased, 0)
    assert [line.kind for line in await gateway.history(key, limit=10)] == ["grant"]


async def test_history_waits_for_charges(books: Books) -> None:
    """What was charged a moment ago is in it."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.leases.open(key, "asked", 10)
    gateway.leases.capture(hold, 7)
    assert [(line.journal_id, line.amount) for line in await gateway.history(key, limit=1)] == [("use:asked", -7)]


async def test_clocks_that_are_set_anew_end_nothing(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day forward or back is not a day that passed."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.open_hold(books.hold(key, 10), expires_in_s=60)
    leased = await gateway.leases.open(key, books.name(), 10)
    now = books.clock.now()
    for day_s in (86_400, -86_400):
        monkeypatch.setattr(books.clock, "now", lambda day_s=day_s: now + day_s)
        await gateway.keep()
        assert leased.state == "open"
    assert (await gateway.capture(hold.id, 10)).state == "captured"
