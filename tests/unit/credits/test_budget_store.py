"""Budgets of keys: never more than the cap, with what is held; a run that ends lets go; successors go on."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from antiphon.accounts import store as keys
from antiphon.accounts.model import Grant, KeyRecord
from antiphon.credits import budget_store, gateway_store
from antiphon.db import Connection
from antiphon.errors import InsufficientCredits
from antiphon.key import CLIENT
from tests.unit.credits.books import AT_MS, Books

CAP = 100


async def hold(books: Books, epoch: int, name: str, amount: int, *, key: str = "k") -> bool:
    """What a hold of a key's budget returns."""
    work = partial(budget_store.hold, key_id=key, hold_id=name, amount=amount, cap=CAP, epoch=epoch)
    return bool(await books.run(work))


async def spend(books: Books, **charged: int) -> None:
    """End holds."""
    await books.run(partial(budget_store.spend, charged=charged))


async def spent(books: Books, key: str = "k") -> int:
    """What was charged to a budget."""
    return int(await books.run(partial(budget_store.spent, budget=key)))


async def begun(books: Books) -> int:
    """The epoch of a new run."""
    return int(await books.run(partial(gateway_store.begin, gateway=books.name())))


async def test_what_is_held_counts(books: Books) -> None:
    """And what is missing is said; what was not spent is free again."""
    epoch = await begun(books)
    assert await hold(books, epoch, "a", 60)
    with pytest.raises(InsufficientCredits, match=r"may spend 0\.0001 USDC in all: 0\.00005 are") as caught:
        await hold(books, epoch, "b", 50)
    assert caught.value.code == "spend_cap_reached"
    await spend(books, a=10)
    assert await hold(books, epoch, "b", 90)
    with pytest.raises(InsufficientCredits):
        await hold(books, epoch, "c", 1)


async def test_a_hold_ends_once(books: Books) -> None:
    """What is written again does not count again, and what was never held is nothing."""
    epoch = await begun(books)
    await hold(books, epoch, "a", 60)
    for _ in range(2):
        await spend(books, a=60, never=5)
    assert await spent(books) == 60


async def test_an_ended_run_holds_nothing(books: Books) -> None:
    """Neither later nor any longer."""
    epoch = await begun(books)
    await hold(books, epoch, "a", CAP)
    (run,) = [run for run in await books.run(gateway_store.runs) if run.epoch == epoch]
    assert await books.run(partial(gateway_store.end_silent, run=run))
    assert not await hold(books, epoch, "b", 1)
    assert await hold(books, await begun(books), "c", CAP)


async def test_many_at_once(books: Books) -> None:
    """As many as fit, and no more."""
    epoch = await begun(books)
    answers = await asyncio.gather(
        *(hold(books, epoch, f"h{number}", 10) for number in range(40)), return_exceptions=True
    )
    assert sum(answer is True for answer in answers) == CAP // 10


def make(connection: Connection, key_id: str) -> None:
    """A stored key."""
    keys.keep_account(connection, "ann", AT_MS)
    keys.insert(
        connection,
        KeyRecord(
            id=key_id,
            account="ann",
            kind="live",
            grant=Grant("agent", CLIENT, spend_cap=CAP),
            digest=key_id,
            pepper_id="p",
            first="f",
            last="l",
            created_at_ms=AT_MS,
        ),
    )


async def test_successors_go_on(books: Books) -> None:
    """With what their predecessors left, whichever of them asks first."""
    epoch = await begun(books)
    for name in ("k1", "k2", "k3"):
        await books.run(partial(make, key_id=name))
    for old, new in (("k1", "k2"), ("k2", "k3")):
        await books.run(partial(keys.replace, key_id=old, successor=new, expires_at_ms=AT_MS))
    assert await hold(books, epoch, "a", 60, key="k3")
    assert await hold(books, epoch, "b", 40, key="k1")
    with pytest.raises(InsufficientCredits):
        await hold(books, epoch, "c", 1, key="k2")
    await spend(books, a=60, b=40)
    assert await spent(books, "k1") == CAP
