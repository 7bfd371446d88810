"""Receipts as their account sees them, and how long they are kept."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.credits import receipts as receipts_module
from antiphon.credits.closing import Closing
from antiphon.credits.receipts import DAY_S, Receipts
from antiphon.credits.service import Credits
from antiphon.db import Work
from antiphon.errors import NotFound
from tests.unit.credits.asking import UNPAID, UNPAID_DRAFT, draft
from tests.unit.credits.books import Books


@pytest.fixture
async def gateway(books: Books) -> Credits:
    """One that writes receipts."""
    return await books.gateway()


@pytest.fixture
def receipts(books: Books, gateway: Credits) -> Receipts:
    """Those of the gateway's books."""
    return Receipts(books.database, gateway.leases.settlements, days=30, clock=books.clock)


@pytest.mark.parametrize("name", ["answer-1", "request-1"])
async def test_what_has_just_ended_is_waited_for(gateway: Credits, receipts: Receipts, name: str) -> None:
    """By either id."""
    gateway.leases.settlements.put(Closing("answer-1", draft=UNPAID_DRAFT))
    assert (await receipts.get("ann", name)).receipt == UNPAID


async def test_what_is_written_while_somebody_looks(
    books: Books, gateway: Credits, receipts: Receipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked for once more: the first look came too soon."""
    settlements, read = gateway.leases.settlements, books.database.read

    async def slow(work: Work[object]) -> object:
        found = await read(work)
        await settlements.all_settled()
        return found

    settlements.put(Closing("answer-1", draft=UNPAID_DRAFT))
    monkeypatch.setattr(books.database, "read", slow)
    assert (await receipts.get("ann", "request-1")).receipt == UNPAID


@pytest.mark.parametrize(("account", "name"), [("ann", "never"), ("bob", "answer-1"), ("bob", "request-1")])
async def test_what_is_not_the_account_s(gateway: Credits, receipts: Receipts, account: str, name: str) -> None:
    """It is as unknown as what never was."""
    gateway.leases.settlements.put(Closing("answer-1", draft=UNPAID_DRAFT))
    with pytest.raises(NotFound, match="no such receipt") as caught:
        await receipts.get(account, name)
    assert caught.value.code == "receipt_not_found"


async def test_old_ones_are_forgotten(
    books: Books, gateway: Credits, receipts: Receipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts, until none is left that is too old."""
    monkeypatch.setattr(receipts_module, "PRUNED_MAX", 2)
    now_ms = int(books.clock.now() * 1000)
    old = now_ms - 30 * DAY_S * 1000 - 1000
    for number in range(5):
        gateway.leases.settlements.put(
            Closing(f"old-{number}", draft=draft(id=f"old-{number}", charged=0, ended_at_ms=old))
        )
    gateway.leases.settlements.put(Closing("new", draft=draft(id="new", charged=0, ended_at_ms=now_ms)))
    await gateway.leases.settlements.all_settled()
    assert await receipts.prune() == 5
    assert (await receipts.get("ann", "new")).receipt.id == "new"


async def test_they_are_forgotten_now_and_then(
    books: Books, gateway: Credits, receipts: Receipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while the database is away at times."""
    monkeypatch.setattr(receipts_module, "PRUNE_EVERY_S", 0.001)
    gateway.leases.settlements.put(Closing("old", draft=draft(id="old", charged=0, ended_at_ms=0)))
    await gateway.leases.settlements.all_settled()
    books.database.away = True
    running = asyncio.ensure_future(receipts.run())
    await books.database.refused.wait()
    books.database.away = False
    async with asyncio.timeout(10):
        while True:
            try:
                await receipts.get("ann", "old")
            except NotFound:
                break
    running.cancel()
