"""Admission in memory: when the database is asked, and when it is not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from antiphon.credits import leases as leases_module
from antiphon.credits.leases import AHEAD_MIN, IDLE_S
from antiphon.db import Database, Work
from antiphon.errors import InsufficientCredits, Unavailable
from tests.unit.credits.books import Away, Books


class Counting(Away):
    """A database that counts its works."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.writes = 0
        self.open = asyncio.Event()
        self.open.set()

    async def write(self, work: Work[Any]) -> Any:  # Any: a work returns what it likes
        """As the database does, once it is open."""
        self.writes += 1
        await self.open.wait()
        return await super().write(work)


@pytest.fixture
def counting(database: Database) -> Counting:
    """One that has not been used."""
    return Counting(database)


async def test_most_requests_ask_nobody(books: Books, counting: Counting) -> None:
    """One lease serves many, and the sooner it is used up the larger is the next."""
    gateway, key = await books.gateway(database=counting), await books.account(10**9)
    counting.writes = 0
    for number in range(1000):
        await gateway.leases.open(key, f"r{number}", 100)
    assert counting.writes < 10
    assert gateway.leases.open_holds == 1000


async def test_slow_customers_get_small_leases(books: Books) -> None:
    """As much as some requests need, and no more from one to the next."""
    gateway, key = await books.gateway(), await books.account(10**9)
    for _ in range(3):
        hold = await gateway.leases.open(key, books.name(), 100)
        gateway.leases.void(hold)
        assert (await books.state(key)).held == 100 * (AHEAD_MIN + 1)
        books.clock.advance(IDLE_S)
        await gateway.keep()


async def test_who_waits_for_more_does_not_hold_up_others(books: Books, counting: Counting) -> None:
    """A request for which there is room passes one for which there is none yet."""
    gateway, key = await books.gateway(database=counting), await books.account(1000)
    await gateway.leases.open(key, books.name(), 10)
    counting.open.clear()
    large = asyncio.ensure_future(gateway.leases.open(key, books.name(), 900))
    await asyncio.sleep(0)
    assert (await gateway.leases.open(key, books.name(), 10)).state == "open"
    counting.open.set()
    assert (await large).amount == 900


async def test_who_leaves_takes_nothing(books: Books, counting: Counting) -> None:
    """A request that is cancelled while it waits holds nothing, and what its lease got serves others."""
    gateway, key = await books.gateway(database=counting), await books.account(100)
    counting.open.clear()
    gone = asyncio.ensure_future(gateway.leases.open(key, books.name(), 60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    counting.open.set()
    assert gateway.leases.open_holds == 0
    assert await gateway.leases.open(key, books.name(), 100)


async def test_contended_money_is_not_asked_for_ahead(books: Books) -> None:
    """After others wanted it, a lease has what its requests need."""
    one, other = await books.gateway(), await books.gateway()
    key = await books.account(1000)
    await one.leases.open(key, books.name(), 10)
    asked = asyncio.ensure_future(other.leases.open(key, books.name(), 900))
    while not asked.done():
        await one.keep()
    await one.leases.open(key, books.name(), 10)
    await other.leases.open(key, books.name(), 10)
    assert (await books.state(key)).held == 930


async def test_a_recall_that_nobody_hears_ends(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that does not give back keeps nobody waiting for ever."""
    monkeypatch.setattr(leases_module, "RECALL_S", 0.05)
    monkeypatch.setattr(leases_module, "RECALL_PAUSE_S", 0.01)
    deaf, other = await books.gateway(), await books.gateway()
    key = await books.account(100)
    deaf.leases.void(await deaf.leases.open(key, books.name(), 80))
    with pytest.raises(InsufficientCredits):
        await other.leases.open(key, books.name(), 50)


async def test_there_is_a_bound(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many accounts are served at once, and others when leases have ended."""
    monkeypatch.setattr(leases_module, "LEASES_MAX", 2)
    gateway = await books.gateway()
    keys = [await books.account(100) for _ in range(3)]
    for key in keys[:2]:
        gateway.leases.void(await gateway.leases.open(key, books.name(), 10))
    with pytest.raises(Unavailable, match="Too many accounts"):
        await gateway.leases.open(keys[2], books.name(), 10)
    books.clock.advance(IDLE_S)
    await gateway.keep()
    assert await gateway.leases.open(keys[2], books.name(), 10)


async def test_leases_end_some_at_a_time(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that one transaction does not take long; in the end all are gone."""
    monkeypatch.setattr(leases_module, "RESIZED_MAX", 2)
    gateway = await books.gateway()
    keys = [await books.account(100) for _ in range(5)]
    for key in keys:
        gateway.leases.void(await gateway.leases.open(key, books.name(), 10))
    books.clock.advance(IDLE_S)
    await gateway.keep()
    assert sum([(await books.state(key)).held > 0 for key in keys]) == 3
    await gateway.close()
    assert [(await books.state(key)).held for key in keys] == [0] * 5


async def test_what_a_gateway_knows_of_a_balance(books: Books) -> None:
    """What the database last said, less what is on its way there."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.leases.open(key, books.name(), 50)
    assert hold.lease.left == 100
    gateway.leases.capture(hold, 30)
    assert hold.lease.left == 70
    await gateway.leases.settlements.all_settled()
    assert hold.lease.left == 70


async def test_a_failed_return_is_made_good(books: Books) -> None:
    """What could not be given back is not used meanwhile, and is given back when the database is there again."""
    gateway, key = await books.gateway(), await books.account(100)
    gateway.leases.void(await gateway.leases.open(key, books.name(), 40))
    books.clock.advance(IDLE_S)
    books.database.away = True
    with pytest.raises(Unavailable):
        await gateway.keep()
    books.database.away = False
    await gateway.keep()
    assert (await books.state(key)).held == 0
    assert await gateway.leases.open(key, books.name(), 100)
