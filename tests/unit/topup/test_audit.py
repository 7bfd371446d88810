"""The books against the chain: what is not there is named."""

from __future__ import annotations

from functools import partial

from antiphon.credits import ledger
from antiphon.credits import store as books
from antiphon.db import Connection
from antiphon.topup.audit import audit
from tests.fixtures.topup.desk import MICRO, Desk


async def test_books_that_agree(desk: Desk) -> None:
    """Each payment is found, and the sum is what was paid in."""
    for amount in (MICRO, 2 * MICRO):
        payer = desk.payer()
        await desk.topups.pay(payer.address, amount, payer.pay(desk.terms, amount))
    desk.chain.token.mint(desk.terms.pay_to, 5)
    found = await desk.require_sound()
    assert (found.payments, found.on_chain, found.in_books) == (2, 3 * MICRO, 3 * MICRO)
    assert found.balance == 3 * MICRO + 5


async def test_a_payment_that_the_chain_does_not_have(desk: Desk) -> None:
    """It is named, whether its row was changed or its block undone."""
    payer = desk.payer()
    receipt = await desk.topups.pay(payer.address, MICRO, payer.pay(desk.terms, MICRO))
    await desk.database.write(partial(_moved, tx_hash="0x" + "00" * 32))
    found = await audit(desk.database, desk.contract, desk.terms.pay_to)
    assert (found.sound, found.on_chain, found.missing) == (False, 0, (receipt.topup.id,))
    await desk.database.write(partial(_moved, tx_hash=receipt.tx_hash))


async def test_money_that_nobody_paid(desk: Desk) -> None:
    """A journal without a payment makes the sums differ."""
    journal = ledger.topup("user:acme", "made-up", 7, at_ms=1)
    await desk.database.write(partial(books.post, journal=journal))
    found = await audit(desk.database, desk.contract, desk.terms.pay_to)
    assert (found.sound, found.missing, found.in_books) == (False, (), 7)
    back = ledger.transfer("USDC", "back", "user:acme", "sys:usdc_in", 7, at_ms=1)
    await desk.database.write(partial(books.post, journal=back))


def _moved(connection: Connection, tx_hash: str) -> None:
    connection.run("UPDATE topups SET tx_hash = :tx_hash", tx_hash=tx_hash)
