"""Gifts of play money: once to an account, with its first test key."""

from __future__ import annotations

import asyncio
from typing import Literal

from antiphon.accounts.service import Keys
from antiphon.accounts.sign_in import SignIn, SignInRules
from antiphon.accounts.wallet import Origin
from antiphon.credits.gifts import Welcome, faucet_id
from antiphon.credits.ledger import user
from antiphon.credits.store import account
from antiphon.db import Database
from antiphon.ids import Ids
from antiphon.key import Ledger
from tests.unit.accounts.stored import GRANT, PEPPER
from tests.unit.accounts.wallets import ADDRESS, signed
from tests.unit.credits.books import Books

GIVEN = 5_000_000


def keys(books: Books, database: Database, *, amount: int = GIVEN, kind: Literal["live", "test"] = "test") -> Keys:
    """Keys that bring a welcome with them."""
    welcome = Welcome(amount, clock=books.clock)
    return Keys(database, PEPPER, kind=kind, keys_max=99, clock=books.clock, ids=Ids(), on_create=welcome)


async def has(books: Books, name: str, ledger: Ledger = "DEV") -> int:
    """The balance of an account."""
    return int(await books.run(lambda connection: account(connection, (ledger, user(name))).balance))


async def test_the_first_test_key_brings_it_once(books: Books, database: Database) -> None:
    """Of many keys at once one brings it, and later ones nothing."""
    made = keys(books, database)
    await asyncio.gather(*(made.create("ann", GRANT) for _ in range(10)))
    await made.create("ann", GRANT)
    assert (await has(books, "ann"), await has(books, "ann", "USDC")) == (GIVEN, 0)
    await made.create("bea", GRANT)
    assert await has(books, "bea") == GIVEN


async def test_a_wallets_first_sign_in_brings_it(books: Books, database: Database) -> None:
    """Its account is its address; the second sign-in brings nothing."""
    rules = SignInRules(True, (Origin("https", "gw.example"),), (8453,))
    sign_in = SignIn(keys(books, database), rules, [PEPPER.secret], clock=books.clock, ids=Ids())
    for _ in range(2):
        message = sign_in.challenge(ADDRESS).message
        await sign_in.sign_in(message, signed(message))
    assert await has(books, ADDRESS) == GIVEN


async def test_keys_for_money_bring_nothing(books: Books, database: Database) -> None:
    """Neither does a gateway that gives nothing."""
    await keys(books, database, kind="live").create("ann", GRANT)
    await keys(books, database, amount=0).create("ann", GRANT)
    assert await has(books, "ann") == 0


def test_the_faucets_day() -> None:
    """It is the day by UTC, wherever the gateway stands."""
    assert faucet_id("ann", 1_700_000_000.0) == "faucet:ann:2023-11-14"
