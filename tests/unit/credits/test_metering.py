"""One request from its hold to its receipt, in every order in which it may end."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from antiphon.chat import Usage
from antiphon.credits import budget_store, receipt_store
from antiphon.credits.ledger import AccountKey, node
from antiphon.credits.metering import Charge
from antiphon.credits.receipt import Outcome, Reason, Receipt, Served, Terms
from antiphon.engines.receipt import NodeReceipt, SignedReceipt
from antiphon.errors import InsufficientCredits
from antiphon.models.catalogue import Model
from tests.unit.credits.asking import MODEL, TERMS, Till, asked
from tests.unit.credits.books import Books

MOST = 10 * 1 + 20 * 2  # by the terms and the prices
USAGE = Usage(prompt_tokens=5, completion_tokens=2)
COST = 5 * 1 + 2 * 2
DELIVERED = Outcome(USAGE, "delivered", "node-1")


@pytest.fixture
async def till(books: Books) -> Till:
    """A meter over a gateway's books."""
    return Till(books, await books.gateway())


async def filed(books: Books, till: Till, account: AccountKey, charge: Charge) -> Receipt:
    """The receipt in the database, which is the one that was told, and of which the books say the same."""
    await till.gateway.leases.settlements.settled(charge.id)
    name = account[1].removeprefix("user:")
    found = await books.run(partial(receipt_store.get, account=name, receipt_id=charge.id))
    assert found.receipt == till.receipts[-1]
    assert (found.number is not None) is (found.receipt.charged > 0)
    assert till.gateway.leases.open_holds == 0
    receipt: Receipt = found.receipt
    return receipt


async def test_the_worst_case_is_held_and_the_cost_charged(books: Books, till: Till) -> None:
    """And the rest is free again."""
    account = await books.account(MOST)
    charge = await till.meter.open(asked(account, "a"))
    assert charge.held == MOST
    with pytest.raises(InsufficientCredits, match=r"0\.00005 USDC are needed, 0\.00 USDC are free"):
        await till.meter.open(asked(account, "b"))
    assert till.refused == 1
    charge.end(DELIVERED)
    assert (charge.charged, charge.balance) == (COST, MOST - COST)
    charge.close(stands=True)
    receipt = await filed(books, till, account, charge)
    assert (receipt.held, receipt.charged, receipt.reason, receipt.node) == (MOST, COST, "delivered", "node-1")
    assert (receipt.request_id, receipt.prices, receipt.usage) == ("request-of-a", MODEL.prices, USAGE)
    assert (await till.gateway.balance(account)).balance == MOST - COST


async def test_what_it_costs_can_be_said_before(books: Books, till: Till) -> None:
    """With the usage, as far as that is believed; a free request's usage stays as it is."""
    account = await books.account(MOST)
    charge = await till.meter.open(asked(account, "a"))
    assert charge.priced(USAGE) == replace(USAGE, cost=COST)
    assert charge.priced(Usage(10**9, 10**9)) == Usage(TERMS.prompt_tokens, TERMS.completion_tokens, cost=MOST)
    charge.close(stands=True)
    free = await till.meter.open(asked(account, "b", model=Model("free", ())))
    assert free.priced(Usage(10**9, 10**9)) == Usage(10**9, 10**9)
    free.close(stands=True)


@pytest.mark.parametrize(
    ("outcome", "streamed", "charged"),
    [
        (Outcome(USAGE, "client_gone"), True, COST),
        (Outcome(USAGE, "timed_out"), True, COST),
        (Outcome(USAGE, "failed"), True, COST),
        (Outcome(USAGE, "failed"), False, 0),
        (Outcome(Usage(), "failed"), True, 0),
        (Outcome(Usage(10**9, 10**9), "delivered"), False, MOST),
        (Outcome(Usage(-5, -5), "delivered"), False, 0),
    ],
)
async def test_the_rule(books: Books, till: Till, outcome: Outcome, streamed: bool, charged: int) -> None:
    """What was delivered is paid, never more than was held."""
    account = await books.account(MOST)
    charge = await till.meter.open(asked(account, "a", streamed=streamed))
    charge.end(outcome)
    charge.close(stands=True)
    receipt = await filed(books, till, account, charge)
    assert (receipt.charged, receipt.reason) == (charged, outcome.reason)


@pytest.mark.parametrize(
    ("reason", "charged", "told"),
    [("delivered", 0, "not_charged"), ("failed", 0, "not_charged"), ("timed_out", COST, "timed_out")],
)
async def test_what_will_be_made_anew(books: Books, till: Till, reason: Reason, charged: int, told: Reason) -> None:
    """It is charged then, and not now; but for what the request's own limit of time ended."""
    account = await books.account(MOST)
    charge = await till.meter.open(asked(account, "a", streamed=True))
    charge.end(Outcome(USAGE, reason))
    charge.close(stands=False)
    assert charge.charged == charged  # as whoever follows it is told at once
    receipt = await filed(books, till, account, charge)
    assert (receipt.charged, receipt.reason) == (charged, told)


async def test_a_request_that_nobody_tells_of(books: Books, till: Till) -> None:
    """Its hold ends with its close, and it pays nothing."""
    account = await books.account(MOST)
    charge = await till.meter.open(asked(account, "a"))
    charge.otherwise = "client_gone"
    charge.close(stands=True)
    receipt = await filed(books, till, account, charge)
    assert (receipt.charged, receipt.reason) == (0, "client_gone")


async def test_an_end_that_comes_late(books: Books, till: Till) -> None:
    """Whoever finds out what it took is waited for; only the first end counts."""
    account = await books.account(MOST)
    charge = await till.meter.open(asked(account, "a", streamed=True))
    charge.wait()
    charge.close(stands=True)
    assert till.gateway.leases.open_holds == 1
    charge.end(Outcome(USAGE, "client_gone"))
    charge.end(DELIVERED)
    assert len(till.receipts) == 1
    receipt = await filed(books, till, account, charge)
    assert (receipt.charged, receipt.reason) == (COST, "client_gone")


@pytest.mark.parametrize("fields", [{"model": Model("free", ())}, {"terms": Terms(0, 0)}])
async def test_free_requests_ask_nobody(books: Books, till: Till, fields: dict[str, Any]) -> None:
    """A model without a price, and terms of nothing: no hold, even without an account, and a receipt all the same."""
    books.database.away = True
    charge = await till.meter.open(asked(("USDC", "user:nobody"), "a", **fields))
    assert charge.held == 0
    charge.end(DELIVERED)
    charge.close(stands=True)
    assert (till.receipts[-1].reason, till.receipts[-1].charged) == ("free", 0)
    books.database.away = False


async def test_an_answer_s_digest(books: Books, till: Till) -> None:
    """Of the body that was sent."""
    account = await books.account(MOST)
    charge = await till.meter.open(asked(account, "a"))
    charge.end(DELIVERED)
    charge.answered(b"body")
    charge.close(stands=True)
    assert (await filed(books, till, account, charge)).answer_sha256 is not None


async def test_what_it_did_not_cost_is_free_at_once(books: Books, till: Till) -> None:
    """The next request may have it, though nothing is written yet; what is left shows what was charged."""
    account = await books.account(10 * MOST)
    first = await till.meter.open(asked(account, "first"))
    names = map(str, count())
    while till.meter.open_now(asked(account, next(names))) is not None:
        pass
    first.end(DELIVERED)
    first.close(stands=True)
    books.database.away = True
    one_more = await till.meter.open(asked(account, next(names)))
    assert (one_more.held, one_more.balance) == (MOST, 10 * MOST - COST)
    books.database.away = False


async def test_a_forgotten_hold(books: Books, till: Till) -> None:
    """What ended by itself before is not charged, and the receipt says so."""
    account = await books.account(MOST)
    charge = await till.meter.open(asked(account, "a"))
    books.clock.advance(10_000)
    await till.gateway.keep()
    charge.end(DELIVERED)
    charge.close(stands=True)
    receipt = await filed(books, till, account, charge)
    assert (receipt.charged, receipt.reason) == (0, "not_charged")


async def test_a_key_s_cap(books: Books, till: Till) -> None:
    """It is held of first, spent with the charge, and let go of when the account has too little."""
    account = await books.account(MOST)
    charge = await till.meter.open(asked(account, "a", spend_cap=2 * MOST))
    for name in ("b", "c"):
        with pytest.raises(InsufficientCredits, match="not enough credit"):
            await till.meter.open(asked(account, name, spend_cap=2 * MOST))
        await till.gateway.leases.settlements.settled(name)
    charge.end(DELIVERED)
    charge.close(stands=True)
    await filed(books, till, account, charge)
    assert await books.run(partial(budget_store.spent, budget="key_1")) == COST
    with pytest.raises(InsufficientCredits, match="may spend") as caught:
        await till.meter.open(asked(account, "d", spend_cap=MOST))
    assert caught.value.code == "spend_cap_reached"


async def test_who_leaves_while_money_is_sought(books: Books, till: Till) -> None:
    """Holds neither money nor a part of the key's cap."""
    account = await books.account(MOST)
    opening = asyncio.ensure_future(till.meter.open(asked(account, "a", spend_cap=MOST)))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await till.gateway.leases.settlements.all_settled()
    charge = await till.meter.open(asked(account, "b", spend_cap=MOST))
    charge.close(stands=True)


async def test_owners_of_nodes_earn(books: Books, till: Till) -> None:
    """Each by the tokens that its node said, with the charge; the receipt shows parts and signatures."""
    account = await books.account(MOST)
    till.owners = {"node-1": books.name(), "node-2": books.name()}
    accounts = [node(name, owner) for name, owner in till.owners.items()]
    signed = till.testimony["att-1"] = SignedReceipt(
        NodeReceipt("att-1", "node-1", "m", "", "", 5, 1, 1, 1, 1, 1), "0x"
    )
    served = (Served("node-1", "att-1", 3), Served("node-2", "att-2", 1))
    charge = await till.meter.open(asked(account, "a"))
    charge.end(Outcome(USAGE, "delivered", "node-2", served))
    charge.close(stands=True)
    receipt = await filed(books, till, account, charge)
    assert (receipt.served, receipt.signed) == (served, (signed,))
    earned = [(await till.gateway.balance(("USDC", one))).balance for one in accounts]
    assert (sum(earned), earned) == (COST * 8_000 // 10_000, [5, 2])


async def test_nobody_owns_the_node(books: Books, till: Till) -> None:
    """All of it is the platform's."""
    account = await books.account(MOST)
    charge = await till.meter.open(asked(account, "a"))
    charge.end(Outcome(USAGE, "delivered", "node-1", (Served("node-1", "att-1", 2),)))
    charge.close(stands=True)
    receipt = await filed(books, till, account, charge)
    assert (receipt.charged, receipt.served, receipt.signed) == (COST, (), ())
