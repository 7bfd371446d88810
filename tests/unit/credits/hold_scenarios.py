"""What must hold of accounts, journals and holds in the books, as small stories."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from antiphon.chat import Usage
from antiphon.credits import ledger, pricing, store
from antiphon.credits.ledger import Earner
from antiphon.db import Connection
from antiphon.errors import Conflict, InsufficientCredits
from antiphon.models.catalogue import Prices
from tests.unit.credits.books import FAR_S, Books


async def a_hold_is_captured_once(books: Books) -> None:
    """Repeating it changes nothing, and neither does voiding it afterwards."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.open_hold(books.hold(key, 60), expires_in_s=FAR_S)
    for _ in range(2):
        captured = await gateway.capture(hold.id, 45)
        assert (captured.state, captured.captured) == ("captured", 45)
    assert (await gateway.void(hold.id)).state == "captured"
    account = await books.state(key)
    assert (account.balance, account.held) == (55, 0)


async def a_hold_is_voided_once(books: Books) -> None:
    """After that it cannot be captured, and all of it is free."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.open_hold(books.hold(key, 60), expires_in_s=FAR_S)
    assert (await books.state(key)).held == 60
    assert (await gateway.void(hold.id)).state == "voided"
    assert (await gateway.capture(hold.id, 45)).state == "voided"
    account = await books.state(key)
    assert (account.balance, account.held) == (100, 0)


async def a_hold_whose_time_is_up_expires(books: Books) -> None:
    """And is never charged after that."""
    gateway, key = await books.gateway(), await books.account(100)
    short = await gateway.open_hold(books.hold(key, 60), expires_in_s=10)
    long = await gateway.open_hold(books.hold(key, 30), expires_in_s=FAR_S)
    books.clock.advance(11)
    assert await gateway.sweep() == 1
    assert (await gateway.capture(short.id, 45)).state == "expired"
    assert (await gateway.capture(long.id, 20)).state == "captured"
    account = await books.state(key)
    assert (account.balance, account.held) == (80, 0)


async def opening_again_is_no_second_hold(books: Books) -> None:
    """The same id is the same hold; with other terms it is refused."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = books.hold(key, 60)
    assert [await gateway.open_hold(hold, expires_in_s=FAR_S) for _ in range(2)] == [hold, hold]
    assert (await books.state(key)).held == 60
    with pytest.raises(Conflict):
        await gateway.open_hold(books.hold(key, 61, hold.id), expires_in_s=FAR_S)


async def no_more_is_held_than_there_is(books: Books) -> None:
    """However many ask at once."""
    gateway, key = await books.gateway(), await books.account(100)
    asked = [gateway.open_hold(books.hold(key, 30), expires_in_s=FAR_S) for _ in range(10)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(refused) == 7
    assert all(isinstance(error, InsufficientCredits) for error in refused)
    assert (await books.state(key)).free == 10


async def no_more_is_charged_than_was_held(books: Books) -> None:
    """Whatever somebody says that it cost."""
    gateway, key = await books.gateway(), await books.account(100)
    hold = await gateway.open_hold(books.hold(key, 30), expires_in_s=FAR_S)
    assert (await gateway.capture(hold.id, 1000)).captured == 30
    leased = await gateway.leases.open(key, books.name(), 30)
    gateway.leases.capture(leased, 1000)
    assert (await gateway.balance(key)).balance == 40
    assert books.lost == []


async def a_grant_is_given_once(books: Books) -> None:
    """By its id, also when several ask at once."""
    gateway, key = await books.gateway(), await books.account()
    name = books.name("signup")
    assert sorted(await asyncio.gather(*(gateway.grant(key, name, 70) for _ in range(5)))) == [False] * 4 + [True]
    assert (await books.state(key)).balance == 70


async def ledgers_do_not_mix(books: Books) -> None:
    """Play money of an account with the same name is not money, and moves only on its own ledger."""
    gateway = await books.gateway()
    play = await books.account(100, "DEV")
    assert (await books.state(("USDC", play[1]))).balance == 0
    with pytest.raises(InsufficientCredits):
        await gateway.transfer("USDC", books.name(), play[1], "user:other", 10)
    assert await gateway.transfer("DEV", books.name(), play[1], "user:other", 10)
    assert (await books.state(("USDC", "user:other"))).balance == 0
    assert (await books.state(play)).balance == 90


async def a_transfer_moves_what_is_free(books: Books) -> None:
    """Once by its id, and not what a hold keeps back."""
    gateway, key, name = await books.gateway(), await books.account(100), books.name()
    await gateway.open_hold(books.hold(key, 60), expires_in_s=FAR_S)
    assert [await gateway.transfer("USDC", name, key[1], "node:n", 40) for _ in range(2)] == [True, False]
    with pytest.raises(InsufficientCredits, match=r"0\.000001 USDC are needed, 0\.00 USDC are free"):
        await gateway.transfer("USDC", books.name(), key[1], "node:n", 1)


async def a_node_earns_its_share(books: Books) -> None:
    """And the platform the remainder, to the last unit."""
    gateway, key, earner = await books.gateway(), await books.account(1000), Earner(f"node:{books.name()}", 8_333)
    platform = await books.state(("USDC", ledger.PLATFORM))
    hold = await gateway.open_hold(books.hold(key, 500), expires_in_s=FAR_S)
    await gateway.capture(hold.id, 101, earner)
    leased = await gateway.leases.open(key, books.name(), 500)
    gateway.leases.capture(leased, 101, earner)
    assert (await gateway.balance(key)).balance == 798
    assert (await books.state(("USDC", earner.account))).balance == 2 * 84
    assert (await books.state(("USDC", ledger.PLATFORM))).balance - platform.balance == 2 * 17


async def a_part_of_a_unit_is_charged_whole(books: Books) -> None:
    """Costs are rounded up, once, on the sum; and a quote is never less than a cost."""
    prices = Prices(prompt=150_000, completion=600_000)
    assert pricing.cost(prices, Usage(1, 0)) == 1
    assert pricing.cost(prices, Usage(3, 1)) == 2  # 1.05, and not 1 + 1 + 1
    assert pricing.quote(prices, prompt_tokens=3, completion_tokens=1) == 2
    assert books.lost == []


async def every_journal_is_sealed(books: Books) -> None:
    """An entry that was changed is named by its journal, and when it is put right all is well."""
    key = await books.account(100)
    await books.account(50)
    (line,) = await books.database.read(partial(store.history, key=key, limit=1))
    await books.run(partial(_change, number=line.number, by=7))
    fault = await books.fault()
    assert fault is not None
    assert f"journal {line.number} of USDC" in fault.row
    assert "hash" in fault.rule
    await books.run(partial(_change, number=line.number, by=-7))
    assert await books.fault() is None


def _change(connection: Connection, number: int, by: int) -> None:
    sql = "UPDATE ledger_entries SET amount = amount + :by WHERE number = :number AND ledger = 'USDC'"
    connection.run(sql, by=by, number=number)
