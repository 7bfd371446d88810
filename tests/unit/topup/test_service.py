"""Payments that are good and payments that are not, on a real chain: credited once, or nothing taken."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from antiphon.errors import AntiphonError, Conflict, PaymentRefused
from antiphon.topup import model
from antiphon.topup.facilitator import Answer
from antiphon.topup.service import Receipt
from tests.fixtures.topup.desk import MICRO, Desk
from tests.fixtures.topup.payer import Payer

from .stories import TEN, every_kind, paid_in_the_end


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
