"""The reconciler at work: at the start, on demand, through failures of everything that it asks."""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec
import pytest

from antiphon.clock import SystemClock
from antiphon.topup import model, store
from antiphon.topup.contract import TokenContract
from antiphon.topup.reconciler import PAGE_ROWS, Reconciler
from antiphon.topup.rpc import Rpc
from tests.fixtures.topup.desk import MICRO, Desk

QUICK_S = 0.01


async def left_open(desk: Desk) -> model.Topup:
    """A payment that was made on the chain, of which only the beginning is written down."""
    payer = desk.payer()
    payment = payer.pay(desk.terms, MICRO)
    topup = model.topup(payment, desk.terms, payer.address, await desk.contract.first_block())
    await desk.database.write(partial(store.insert, topup=topup, until_ms=10**15, at_ms=1))
    desk.submit(payment)
    return topup


async def credited(desk: Desk) -> None:
    """Return when all payments are."""
    async with asyncio.timeout(10):
        while set(await desk.states()) != {"credited"}:
            pass


async def test_at_the_start(desk: Desk) -> None:
    """What a gateway left that was killed is credited by the next, whoever had claimed it."""
    await left_open(desk)
    await desk.topups.start()
    await credited(desk)


async def test_on_demand(desk: Desk) -> None:
    """It does not wait for a minute to pass."""
    reconciler = Reconciler(
        desk.database, desk.contract, clock=SystemClock(), on_trouble=lambda *_: None, soon_s=QUICK_S
    )
    reconciler.start()
    await asyncio.sleep(0)
    await left_open(desk)
    reconciler.hasten()
    await credited(desk)
    await reconciler.close()


async def test_a_chain_that_comes_back(desk: Desk) -> None:
    """It goes on trying, and tells what it was told."""
    await left_open(desk)
    told = asyncio.Event()
    troubles: list[str] = []

    def trouble(_topup_id: str, reason: str) -> None:
        troubles.append(reason)
        told.set()

    nobody = Rpc("http://127.0.0.1:9")
    contract = TokenContract(nobody, desk.terms, range_blocks=1000)
    reconciler = Reconciler(desk.database, contract, clock=SystemClock(), on_trouble=trouble, every_s=QUICK_S)
    reconciler.start()
    await told.wait()
    contract._rpc = desk.rpc
    await credited(desk)
    await reconciler.close()
    assert "does not answer" in troubles[0]


async def test_more_than_a_page(desk: Desk) -> None:
    """Every payment is looked at, and one that is strange does not hide those after it."""
    first = await left_open(desk)
    for number in range(PAGE_ROWS):
        other = msgspec.structs.replace(
            first, id=f"{number:03}", nonce="0x" + f"{number:064x}", valid_before=10**11, state="settling"
        )
        await desk.database.write(partial(store.insert, topup=other, until_ms=0, at_ms=1))
    assert await desk.reconcile() == PAGE_ROWS
    assert (await desk.states()).count("credited") == 1


async def test_one_of_which_the_chain_does_not_tell(desk: Desk) -> None:
    """It does not stand before the others, and is told of."""
    good = await left_open(desk)
    bad = msgspec.structs.replace(good, id="0", asset="0x no token", nonce="0x" + "1" * 64)
    await desk.database.write(partial(store.insert, topup=bad, until_ms=0, at_ms=1))
    assert await desk.reconcile() == 1
    assert [topup_id for topup_id, _ in desk.troubles] == ["0"]
    assert await desk.states() == ["settling", "credited"]


@pytest.mark.parametrize("start", [False, True])
async def test_it_ends(desk: Desk, *, start: bool) -> None:
    """Also when it never began."""
    reconciler = Reconciler(desk.database, desk.contract, clock=SystemClock(), on_trouble=lambda *_: None)
    if start:
        reconciler.start()
    await reconciler.close()
