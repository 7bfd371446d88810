"""What tests of top-ups share: a chain that is slow or late, answers in doubt, payments that are good in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from antiphon.errors import Unavailable
from antiphon.topup import model
from antiphon.topup.service import Receipt
from tests.fixtures.databases.plugin import KINDS
from tests.fixtures.topup.desk import MICRO, Desk
from tests.fixtures.topup.payer import Payer

TEN = 10 * MICRO
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
