"""Holds of budgets by a gateway: what was cancelled holds nothing, and what has just ended is waited for."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from antiphon.credits import budget_store, gateway_store
from antiphon.credits.closing import Closing
from antiphon.db import Connection
from antiphon.errors import InsufficientCredits, Unavailable
from antiphon.key import Key
from tests.unit.credits.books import Books

KEY = Key("agent", id="k", live=True, spend_cap=100)


def held(connection: Connection) -> int:
    """What is held of all budgets."""
    row = connection.one("SELECT COALESCE(SUM(amount), 0) FROM budget_holds")
    assert row is not None
    return int(row[0])


async def test_a_hold_and_its_release(books: Books) -> None:
    """In the database at once, and let go of soon."""
    gateway = await books.gateway()
    await gateway.budgets.hold(KEY, "a", 60)
    assert await books.run(held) == 60
    gateway.budgets.release("a")
    await gateway.leases.settlements.settled("a")
    assert await books.run(held) == 0


async def test_what_has_just_ended_is_waited_for(books: Books) -> None:
    """Whoever is refused for what a request held that is about to be written asks once more."""
    gateway = await books.gateway()
    await gateway.budgets.hold(KEY, "a", 60)
    gateway.leases.settlements.put(Closing("a", budgeted=True))
    await gateway.budgets.hold(KEY, "b", 90)
    with pytest.raises(InsufficientCredits):
        await gateway.budgets.hold(KEY, "c", 90)


async def test_who_leaves_holds_nothing(books: Books) -> None:
    """Whether the database had done it or not."""
    gateway = await books.gateway()
    asked = asyncio.ensure_future(gateway.budgets.hold(KEY, "a", 60))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await gateway.leases.settlements.settled("a")
    assert await books.run(held) == 0


async def test_an_unsure_database_holds_nothing(books: Books) -> None:
    """It had been done, and nobody knew."""
    gateway = await books.gateway()
    books.database.unsure = True
    with pytest.raises(Unavailable):
        await gateway.budgets.hold(KEY, "a", 60)
    await gateway.leases.settlements.settled("a")
    assert await books.run(held) == 0


async def test_an_ended_run_begins_anew(books: Books) -> None:
    """Others took this gateway for dead; the request is served by its next run."""
    gateway = await books.gateway()
    await gateway.budgets.hold(KEY, "a", 60)
    (run,) = await books.run(gateway_store.runs)
    assert await books.run(partial(gateway_store.end_silent, run=run))
    await gateway.budgets.hold(KEY, "b", 90)
    assert await books.run(held) == 90
    assert await books.run(partial(budget_store.spent, budget="k")) == 0
