"""Every way in which a top-up can go, on a real chain with USDC's own contract: credited once, or nothing taken."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from antiphon.errors import AntiphonError, Conflict, PaymentRefused, Unavailable
from antiphon.topup import model, service
from antiphon.topup.contract import Finding
from antiphon.topup.facilitator import Answer
from antiphon.topup.service import Receipt
from tests.fixtures.databases.plugin import KINDS
from tests.fixtures.topup.desk import MICRO, Desk, terms_of
from tests.fixtures.topup.payer import Payer
from tests.unit.credits.books import Away, MovableClock

TEN = 10 * MICRO
VERY_LATE_S = 1_000
every_kind = pytest.mark.parametrize("database_kind", KINDS, indirect=True)


@contextmanager
def slow_chain(desk: Desk) -> Iterator[None]:
    """No transaction is mined before the end."""
    rpc = desk.chain.anvil.rpc
    rpc.call("evm_setIntervalMining", 0)  # turns off both ways in which this chain makes blocks
    try:
        yield
    finally:
        rpc.call("evm_setAutomine", True)
        rpc.call("evm_mine")


@contextmanager
def later(desk: Desk, seconds: int) -> Iterator[None]:
    """The chain's clock is ahead, and as before in the end; so is all that happened on the chain until then."""
    rpc = desk.chain.anvil.rpc
    snapshot = rpc.call("evm_snapshot")
    rpc.call("evm_increaseTime", seconds)
    rpc.call("evm_mine")
    try:
        yield
    finally:
        rpc.call("evm_revert", snapshot)


async def refused(desk: Desk, payer: Payer, amount: int, code: str, **other: Any) -> None:  # Any: fields
    """The payment is refused for that reason, and nothing was taken."""
    with pytest.raises(PaymentRefused) as refusal:
        await desk.topups.pay(payer.address, amount, payer.pay(desk.terms, amount, **other))
    assert refusal.value.code == code
    assert (desk.received(), await desk.states()) == (0, [])


@every_kind
async def test_credited_once_and_replayed(desk: Desk) -> None:
    """A payment gives credit once; shown again it is answered with the same transaction, and nothing more."""
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    first = await desk.topups.pay(payer.address, TEN, payment)
    again = await desk.topups.pay(payer.address, TEN, payment)
    assert (first.replayed, again.replayed, again.tx_hash) == (False, True, first.tx_hash)
    assert (await desk.balance(payer), desk.received()) == (TEN, TEN)
    assert (desk.facilitator.verified, desk.facilitator.settled) == (1, 1)


async def test_the_first_version_is_settled_as_the_second(desk: Desk) -> None:
    """A payment that came in X-PAYMENT names its chain in the old way."""
    payer = desk.payer()
    payment = msgspec.structs.replace(payer.pay(desk.terms, TEN), network="base-sepolia", x402_version=1)
    assert not (await desk.topups.pay(payer.address, TEN, payment)).replayed
    assert await desk.balance(payer) == TEN


async def test_another_account_gets_nothing(desk: Desk) -> None:
    """Whoever has seen a payment cannot have its credit, before it was used or after."""
    payer, thief = desk.payer(), desk.payer(0)
    payment = payer.pay(desk.terms, TEN)
    for _ in range(2):
        with pytest.raises(PaymentRefused, match="wallet"):
            await desk.topups.pay(thief.address, TEN, payment)
        await desk.topups.pay(payer.address, TEN, payment)
    assert (await desk.balance(thief), await desk.balance(payer)) == (0, TEN)


async def test_any_payer_pays_for_whom_it_was_first_shown(desk: Desk) -> None:
    """Where others may pay, the payment still belongs to one account."""
    desk.topups.terms = msgspec.structs.replace(desk.terms, any_payer=True)
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    await desk.topups.pay("acme", TEN, payment)
    with pytest.raises(PaymentRefused, match="another account"):
        await desk.topups.pay(payer.address, TEN, payment)
    assert (await desk.topups.balance("acme")).balance == TEN


async def test_a_used_payment_costs_no_gas_at_the_facilitator(desk: Desk) -> None:
    """Settling again is refused before anything is broadcast."""
    payer, rpc = desk.payer(), desk.chain.anvil.rpc
    payment = payer.pay(desk.terms, TEN)
    await desk.topups.pay(payer.address, TEN, payment)
    sent = rpc.number("eth_getTransactionCount", desk.chain.facilitator.address, "latest")
    assert await desk.inner.settle(payment, TEN) == Answer(good=False, reason=model.NONCE_USED)
    assert rpc.number("eth_getTransactionCount", desk.chain.facilitator.address, "latest") == sent


@pytest.mark.parametrize("signed", [1 * MICRO, 20 * MICRO])
async def test_a_wrong_amount(desk: Desk, signed: int) -> None:
    """What was asked for is what has to be signed, no more and no less."""
    await refused(desk, desk.payer(), TEN, model.WRONG_VALUE, value=signed)


async def test_an_expired_payment(desk: Desk) -> None:
    """It is refused before anybody is asked."""
    await refused(desk, desk.payer(), TEN, model.TOO_LATE, valid_before=1_700_000_000)
    assert desk.facilitator.verified == 0


@pytest.mark.parametrize(("field", "code"), [("valid_after", model.TOO_EARLY), ("valid_before", model.TOO_LATE)])
async def test_a_payment_for_the_far_future(desk: Desk, field: str, code: str) -> None:
    """It is not kept waiting."""
    await refused(desk, desk.payer(), TEN, code, **{field: 4_000_000_000})


async def test_a_wrong_recipient(desk: Desk) -> None:
    """Money that goes to somebody else buys nothing here."""
    await refused(desk, desk.payer(), TEN, model.WRONG_RECIPIENT, to=Payer().address)


async def test_a_wrong_token(desk: Desk) -> None:
    """A signature for a token of another name is none."""
    await refused(desk, desk.payer(), TEN, model.WRONG_SIGNATURE, name="USD Coin")


async def test_a_tampered_signature(desk: Desk) -> None:
    """Nor is one that somebody changed."""
    payer = desk.payer()
    good = payer.pay(desk.terms, TEN)
    other = payer.pay(desk.terms, TEN)
    for signature in (other.signature, "0x00", "0x" + "ff" * 65):
        with pytest.raises(AntiphonError):
            await desk.topups.pay(payer.address, TEN, msgspec.structs.replace(good, signature=signature))
    assert (desk.received(), await desk.states()) == (0, [])


async def test_too_little_money(desk: Desk) -> None:
    """A wallet that has five cannot pay ten."""
    await refused(desk, desk.payer(5 * MICRO), TEN, model.TOO_POOR)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("scheme", "upto", model.INVALID_SCHEME),
        ("network", "eip155:8453", model.INVALID_NETWORK),
        ("asset", "0x" + "00" * 20, model.INVALID_ASSET),
    ],
)
async def test_what_is_not_offered(desk: Desk, field: str, value: str, code: str) -> None:
    """A payment in another way, on another chain or with another token is refused unseen."""
    payer = desk.payer(0)
    with pytest.raises(PaymentRefused) as refusal:
        payment = msgspec.structs.replace(payer.pay(desk.terms, TEN), **{field: value})
        await desk.topups.pay(payer.address, TEN, payment)
    assert refusal.value.code == code


async def in_doubt(desk: Desk, payer: Payer, payment: model.Payment) -> None:
    """The answer is 503, and says that the same payment is to be sent again."""
    with pytest.raises(Unavailable, match="do not sign a new one") as doubt:
        await desk.topups.pay(payer.address, TEN, payment)
    assert (doubt.value.code, doubt.value.retry_after_s) == ("payment_in_doubt", 5)


async def paid_in_the_end(desk: Desk, payer: Payer, payment: model.Payment, *, replayed: bool) -> Receipt:
    """The same payment again is good, and gave credit once."""
    receipt = await desk.topups.pay(payer.address, TEN, payment)
    assert receipt.replayed == replayed
    assert (await desk.balance(payer), desk.received()) == (TEN, TEN)
    return receipt


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


async def test_two_payments_with_one_nonce(desk: Desk) -> None:
    """The second is not taken for the first, whatever its amount."""
    payer = desk.payer()
    first = payer.pay(desk.terms, TEN)
    second = payer.pay(desk.terms, 2 * TEN, nonce=first.authorization.nonce)
    await desk.topups.pay(payer.address, TEN, first)
    with pytest.raises(PaymentRefused) as refusal:
        await desk.topups.pay(payer.address, 2 * TEN, second)
    assert refusal.value.code == model.WRONG_VALUE
    assert await desk.balance(payer) == TEN


async def test_a_large_payment_waits_for_a_safe_block(desk: Desk) -> None:
    """Above a threshold a block counts when it cannot be undone any more."""
    desk.contract._terms = terms_of(desk.chain, desk.terms.pay_to, safe_above=TEN)
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    await in_doubt(desk, payer, payment)
    assert await desk.reconcile() == 1
    desk.chain.anvil.rpc.call("anvil_mine", hex(100))
    await paid_in_the_end(desk, payer, payment, replayed=False)


async def test_a_client_that_leaves_is_paid_for_all_the_same(desk: Desk) -> None:
    """Settling goes on without whoever asked for it."""
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    asked, go = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        asked.set()
        await go.wait()

    desk.facilitator.first = wait
    task = asyncio.create_task(desk.topups.pay(payer.address, TEN, payment))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(Conflict, match="being processed") as conflict:
        await desk.topups.pay(payer.address, TEN, payment)
    assert conflict.value.retry_after_s == 1
    go.set()
    await asyncio.wait(desk.topups._tasks)
    await paid_in_the_end(desk, payer, payment, replayed=True)


@every_kind
async def test_five_hundred_posts_of_one_payment(desk: Desk) -> None:
    """One is answered with credit, all others that it is being processed."""
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    posts = (desk.topups.pay(payer.address, TEN, payment) for _ in range(500))
    answers = await asyncio.gather(*posts, return_exceptions=True)
    assert sum(isinstance(answer, Receipt) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 499
    assert (await desk.balance(payer), desk.received(), desk.facilitator.settled) == (TEN, TEN, 1)


@every_kind
async def test_two_gateways_and_one_payment(desk: Desk) -> None:
    """However it is posted, to one gateway or the other, it is credited exactly once."""
    other = Desk(desk.database, desk.chain, desk.terms, gateway="two")
    payer = desk.payer()
    payment = payer.pay(desk.terms, TEN)
    posts = ((desk, other)[number % 2].topups.pay(payer.address, TEN, payment) for number in range(500))
    answers = await asyncio.gather(*posts, return_exceptions=True)
    assert {type(answer) for answer in answers} == {Receipt, Conflict}
    assert sum(isinstance(answer, Receipt) and not answer.replayed for answer in answers) == 1
    assert (await desk.balance(payer), desk.received()) == (TEN, TEN)
    await other.close()
