"""What is put right of the library: no gap in the nonces after a failure, however many fail at once."""

from __future__ import annotations

import asyncio

from tests.fixtures.topup.desk import MICRO, Desk


async def test_failures_at_once_leave_no_gap(desk: Desk) -> None:
    """Settlements that could not be broadcast, several together, do not hold up those that come later."""
    payments = [desk.payer().pay(desk.terms, MICRO) for _ in range(6)]
    rpc, address = desk.chain.anvil.rpc, desk.chain.facilitator.address
    rpc.call("anvil_setBalance", address, "0x0")
    try:
        failed = await asyncio.gather(*(desk.inner.settle(payment, MICRO) for payment in payments))
    finally:
        rpc.call("anvil_setBalance", address, hex(10**20))
    assert {(answer.good, answer.tx_hash) for answer in failed} == {(False, "")}
    settled = await asyncio.gather(*(desk.inner.settle(payment, MICRO) for payment in payments))
    assert [answer.reason for answer in settled if not answer.good] == []
    assert desk.received() == 6 * MICRO
    for payment in payments:  # the books did not hear of them: they are credited when they are shown
        await desk.topups.pay(payment.authorization.payer, MICRO, payment)


async def test_many_settlements_at_once(desk: Desk) -> None:
    """Each has a nonce of its own."""
    payers = [desk.payer() for _ in range(12)]
    pays = (desk.topups.pay(payer.address, MICRO, payer.pay(desk.terms, MICRO)) for payer in payers)
    await asyncio.gather(*pays)
    assert desk.received() == 12 * MICRO
