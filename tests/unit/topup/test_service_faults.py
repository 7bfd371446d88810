"""Facilitators that fail or are late, strangers, tricks, a slow chain, a database that goes away: credited once."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.errors import PaymentRefused
from antiphon.topup import model, service
from antiphon.topup.contract import Finding
from tests.fixtures.topup.desk import Desk, terms_of
from tests.fixtures.topup.payer import Payer
from tests.unit.credits.books import Away, MovableClock

from .stories import TEN, every_kind, in_doubt, later, paid_in_the_end, slow_chain

VERY_LATE_S = 1_000


async def test_the_facilitator_is_down_and_comes_back(desk: Desk) -> None:
    """Nothing is kept of a payment that nobody could check; the same one is good later."""
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    desk.facilitator.down = True
    await in_doubt(desk, payer, payment)
    assert await desk.states() == []
    desk.facilitator.down = False
    await paid_in_the_end(desk, payer, payment, replayed=False)


@every_kind
async def test_the_facilitator_fails_between_check_and_settlement(desk: Desk) -> None:
    """The payment is kept, and settled when it is sent again."""
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    desk.facilitator.idle = True
    await in_doubt(desk, payer, payment)
    assert await desk.states() == ["settling"]
    desk.facilitator.idle = False
    await paid_in_the_end(desk, payer, payment, replayed=False)


async def test_the_facilitator_dies_after_it_broadcast(desk: Desk) -> None:
    """The chain knows better: the very same request is answered with credit."""
    payer = desk.payer()
    desk.facilitator.deaf = True
    payment = payer.pay(desk.terms, TEN)
    await paid_in_the_end(desk, payer, payment, replayed=False)


async def test_a_stranger_is_quicker(desk: Desk) -> None:
    """Whoever shows the authorization to the token pays the gas, and the account has its credit."""
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)

    async def front_run() -> None:
        await asyncio.to_thread(desk.submit, payment)

    desk.facilitator.first = front_run
    await paid_in_the_end(desk, payer, payment, replayed=False)


async def test_a_payment_that_was_used_before_it_was_shown(desk: Desk) -> None:
    """The facilitator calls it used; the chain says for what."""
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    desk.submit(payment)
    await paid_in_the_end(desk, payer, payment, replayed=False)


@pytest.mark.parametrize("turn", [1, -1])
async def test_one_transfer_is_not_taken_for_two(desk: Desk, turn: int) -> None:
    """A payer who uses one nonce for something else, in the transaction that pays with another, has paid once."""
    payer = desk.payer()
    one, two = payer.pay(desk.terms, TEN), payer.pay(desk.terms, TEN)
    elsewhere = payer.pay(desk.terms, TEN, nonce=one.authorization.nonce, to=Payer().address)
    desk.facilitator.idle = True
    for payment in (one, two):
        await in_doubt(desk, payer, payment)
    desk.submit(*(elsewhere, two)[::turn])
    assert await desk.reconcile() == 1
    assert (await desk.balance(payer), desk.received()) == (TEN, TEN)
    with later(desk, VERY_LATE_S):
        assert await desk.reconcile() == 0
    assert sorted(await desk.states()) == ["credited", "dead"]


async def test_a_payment_that_its_payer_cancelled(desk: Desk) -> None:
    """It is open until its time is up, since only then nobody can be wrong about it."""
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    desk.facilitator.idle = True
    await in_doubt(desk, payer, payment)
    desk.cancel(payer, payment)
    assert await desk.reconcile() == 1
    with later(desk, VERY_LATE_S):
        assert await desk.reconcile() == 0
    assert await desk.states() == ["dead"]


async def test_a_slow_chain(desk: Desk) -> None:
    """503 while the transaction waits, and what was broadcast is not broadcast again."""
    payer, rpc = desk.payer(), desk.chain.anvil.rpc
    payment = payer.pay(desk.terms, TEN)
    with slow_chain(desk):
        await in_doubt(desk, payer, payment)
    sent = rpc.number("eth_getTransactionCount", desk.chain.facilitator.address, "latest")
    await paid_in_the_end(desk, payer, payment, replayed=False)
    assert rpc.number("eth_getTransactionCount", desk.chain.facilitator.address, "latest") == sent


@every_kind
async def test_a_slow_chain_and_nobody_asks_again(desk: Desk) -> None:
    """The reconciler gives the credit; whoever asks later is told that it was given."""
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    with slow_chain(desk):
        await in_doubt(desk, payer, payment)
        assert await desk.reconcile() == 1
    assert await desk.reconcile() == 0
    await paid_in_the_end(desk, payer, payment, replayed=True)


@every_kind
async def test_never_settled(desk: Desk) -> None:
    """After its time the payment is given up, and only then a new one is asked for."""
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    desk.facilitator.idle = True
    await in_doubt(desk, payer, payment)
    assert await desk.reconcile() == 1
    with later(desk, VERY_LATE_S):
        assert await desk.reconcile() == 0
        assert await desk.states() == ["dead"]
        with pytest.raises(PaymentRefused, match="sign a new one") as refusal:
            await desk.topups.pay(payer.address, TEN, payment)
    assert refusal.value.code == "payment_dead"
    assert (await desk.balance(payer), desk.received()) == (0, 0)


async def test_money_that_arrived_is_credited_whatever_was_written_down(desk: Desk) -> None:
    """A payment that was given up too early, as by a chain that was undone, is good when it is sent again."""
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    desk.facilitator.idle = True
    await in_doubt(desk, payer, payment)
    with later(desk, VERY_LATE_S):
        await desk.reconcile()
    assert await desk.states() == ["dead"]
    desk.submit(payment)
    await paid_in_the_end(desk, payer, payment, replayed=False)


async def test_a_facilitator_without_gas(desk: Desk) -> None:
    """While nothing can be broadcast the answer is 503, and with gas again it goes on, also for the next payment."""
    payer, other, rpc = desk.payer(), desk.payer(), desk.chain.anvil.rpc
    payment = payer.pay(desk.terms, TEN)
    rpc.call("anvil_setBalance", desk.chain.facilitator.address, "0x0")
    try:
        await in_doubt(desk, payer, payment)
    finally:
        rpc.call("anvil_setBalance", desk.chain.facilitator.address, hex(10**20))
    await paid_in_the_end(desk, payer, payment, replayed=False)
    await desk.topups.pay(other.address, TEN, other.pay(desk.terms, TEN))
    assert await desk.balance(other) == TEN


async def test_a_late_node(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One address may be many nodes, and the first that is asked may not have the block yet."""
    payer, look, late = desk.payer(), desk.contract.look, [Finding("open")] * 2

    async def look_late(topup: model.Topup, tx_hash: str = "") -> Finding:
        return late.pop() if late else await look(topup, tx_hash)

    monkeypatch.setattr(desk.contract, "look", look_late)
    monkeypatch.setattr(service, "LATE_NODES_S", (0.0, 0.0))
    await paid_in_the_end(desk, payer, payer.pay(desk.terms, TEN), replayed=False)


async def test_a_database_that_goes_away(desk: Desk) -> None:
    """Before and after the settlement the answer is the same, and the credit comes with the next try."""
    payer, away = desk.payer(), Away(desk.database)
    desk.topups._database = desk.topups._reconciler._database = away
    payment = payer.pay(desk.terms, TEN)
    away.away = True
    await in_doubt(desk, payer, payment)
    away.away = False

    async def leave() -> None:
        away.away = True

    desk.facilitator.first = leave
    await in_doubt(desk, payer, payment)
    assert desk.received() == TEN
    away.away = False
    desk.topups._clock = MovableClock()
    desk.topups._clock.advance(60)  # the attempt could not be let go of
    await paid_in_the_end(desk, payer, payment, replayed=False)


async def test_a_large_payment_waits_for_a_safe_block(desk: Desk) -> None:
    """Above a threshold a block counts when it cannot be undone any more."""
    desk.contract._terms = terms_of(desk.chain, desk.terms.pay_to, safe_above=TEN)
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    await in_doubt(desk, payer, payment)
    assert await desk.reconcile() == 1
    desk.chain.anvil.rpc.call("anvil_mine", hex(100))
    await paid_in_the_end(desk, payer, payment, replayed=False)
