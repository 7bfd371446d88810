"""Payments in the database: one on its way to an owner, booked once with its journal, owed again when it died."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest
from msgspec.structs import replace

from antiphon.credits import ledger
from antiphon.credits import store as books
from antiphon.credits.verify import verify
from antiphon.db import Database
from antiphon.payouts import store
from antiphon.payouts.model import Payout, Plan
from antiphon.trust import store as trust
from antiphon.trust.model import Outcome
from tests.fixtures.databases.plugin import KINDS

pytestmark = pytest.mark.parametrize("database_kind", KINDS, indirect=True)
OWNER = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
FIRST, SECOND = ledger.node("a", OWNER), ledger.node("b", OWNER)
PAYOUT = Payout("payout_1", OWNER, "eip155:8453", "0xA", "0xB", "0xC", 100, 1_000, 7)


async def earn(database: Database, account: str, amount: int) -> None:
    """Let a node have been paid for what it did."""
    await database.write(partial(books.post, journal=ledger.topup("user:ann", f"t{amount}", amount, at_ms=1)))
    earner = ledger.Earner(account, 10_000)
    paid = ledger.usage(("USDC", "user:ann"), f"r{amount}", amount, at_ms=1, earner=earner)
    await database.write(partial(books.post, journal=paid))


async def planned(database: Database) -> Plan:
    """What is due now."""
    return await database.read(partial(store.plan, minimum=10))


async def intended(database: Database, *payouts: Payout) -> Sequence[Payout]:
    """Those that are kept."""
    return await database.write(partial(store.intend, payouts=payouts, minimum=10, at_ms=2))


async def test_from_the_plan_to_the_books(database: Database) -> None:
    """Both of an owner's nodes are paid at once; what they earn meanwhile is for the next time."""
    await earn(database, FIRST, 70)
    await earn(database, SECOND, 30)
    assert (await planned(database)).amount == 100
    assert await intended(database, PAYOUT) == [PAYOUT]
    assert (await planned(database)).due == ()
    await earn(database, FIRST, 20)
    assert (await planned(database)).left[0].why == "a payment is on its way"
    assert await intended(database, replace(PAYOUT, id="payout_2", nonce="0xD", amount=120)) == []
    assert await database.write(partial(store.pay, payout=PAYOUT, tx_hash="0xE", at_ms=3))
    assert not await database.write(partial(store.pay, payout=PAYOUT, tx_hash="0xE", at_ms=3))
    assert (await planned(database)).due[0].parts == {FIRST: 20}
    out = await database.read(partial(books.account, key=("USDC", ledger.USDC_OUT)))
    assert out.balance == 100
    assert (await database.read(partial(verify, now_ms=0))).fault is None


async def test_a_payment_that_died_is_owed_again(database: Database) -> None:
    """It is not booked any more, and another may be made."""
    await earn(database, FIRST, 100)
    await intended(database, PAYOUT)
    await database.write(partial(store.end, payout=PAYOUT, reason="it was not used in time", at_ms=3))
    assert not await database.write(partial(store.pay, payout=PAYOUT, tx_hash="0xE", at_ms=4))
    assert await database.read(store.unsettled) == []
    again = replace(PAYOUT, id="payout_2", nonce="0xD")
    assert await intended(database, again) == [again] == await database.read(store.unsettled)


async def test_the_books_changed_since_the_plan(database: Database) -> None:
    """A payment of another amount than is owed is not kept."""
    await earn(database, FIRST, 100)
    assert await intended(database, replace(PAYOUT, amount=99), replace(PAYOUT, owner="0xstranger")) == []


async def test_a_node_in_quarantine(database: Database) -> None:
    """What it earned is held, what the owner's other nodes earned is not."""
    await earn(database, FIRST, 70)
    await earn(database, SECOND, 30)
    told = {f"chk_{number}": Outcome("a", "model", failed=True) for number in range(9)}
    await database.write(partial(trust.record, outcomes=told, at_ms=1))
    plan = await planned(database)
    assert [one.parts for one in plan.due] == [{SECOND: 30}]
    assert [(one.amount, one.why) for one in plan.left] == [(70, "a node is in quarantine")]
