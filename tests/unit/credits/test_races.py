"""Many at once who want the same little money: two hundred requests with money for ten, on one gateway and on two."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from antiphon.credits import leases, service
from antiphon.credits.ledger import AccountKey
from antiphon.credits.service import Credits
from antiphon.db import Database
from antiphon.db.open import open_database
from antiphon.errors import InsufficientCredits
from tests.unit.credits.books import FAR_S, Books

ASKING, AFFORDED, AMOUNT = 200, 10, 1000
ROUNDS = pytest.mark.parametrize("rounds", [15, pytest.param(50, marks=pytest.mark.slow)])


async def admitted(asked: list[asyncio.Task[object]]) -> int:
    """How many were; the others lack credit, and nothing else."""
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [error for error in refused if not isinstance(error, InsufficientCredits)] == []
    return len(outcomes) - len(refused)


async def lease_round(books: Books, gateways: list[Credits], key: AccountKey, number: int) -> int:
    """How many of the requests that come at once are admitted; some cost less than they might, some nothing."""
    holds = []

    async def ask(position: int) -> None:
        gateway = gateways[position % len(gateways)]
        holds.append((gateway, await gateway.leases.open(key, books.name(), AMOUNT)))

    count = await admitted([asyncio.ensure_future(ask(position)) for position in range(ASKING)])
    for position, (gateway, hold) in enumerate(holds):
        if (position + number) % 3:
            gateway.leases.capture(hold, AMOUNT - position % 2 * 500)
        else:
            gateway.leases.void(hold)
    return count


async def spend(books: Books, gateways: list[Credits], rounds: int) -> list[int]:
    """How many requests of each round are admitted, each round with an account that can afford ten."""
    for gateway in gateways:
        await gateway.start()
    counts = []
    for number in range(rounds):
        key = await books.account(AFFORDED * AMOUNT)
        counts.append(await lease_round(books, gateways, key, number))
        assert (await books.state(key)).free >= 0
    for gateway in gateways:
        await gateway.leases.settlements.all_settled()
    await books.require_sound()
    return counts


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gateways hear soon that another wants something back."""
    monkeypatch.setattr(service, "KEEP_EVERY_S", 0.02)
    monkeypatch.setattr(leases, "RECALL_S", 30.0)  # also on a busy machine


def gateway_on(database: Database, books: Books, name: str) -> Credits:
    """One that looks after its leases by itself."""
    return Credits(database, gateway=name, clock=books.clock, on_lost=books.lost)


@ROUNDS
@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_one_gateway_admits_what_can_be_paid(database: Database, books: Books, rounds: int) -> None:
    """Exactly ten, in each of many rounds."""
    gateway = gateway_on(database, books, "one")
    assert await spend(books, [gateway], rounds) == [AFFORDED] * rounds
    await gateway.close()
    assert books.lost == []


@ROUNDS
@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_two_gateways_admit_what_can_be_paid(
    database: Database, database_url: str, books: Books, tmp_path: Path, rounds: int
) -> None:
    """Exactly ten together, each with a database connection of its own."""
    other = open_database(database_url, data_dir=tmp_path)
    gateways = [gateway_on(database, books, "one"), gateway_on(other, books, "other")]
    assert await spend(books, gateways, rounds) == [AFFORDED] * rounds
    for gateway in gateways:
        await gateway.close()
    await other.close()
    assert books.lost == []


@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_holds_in_the_books_do_not_overdraw(database: Database, database_url: str, books: Books) -> None:
    """Opened at once by two gateways, without leases."""
    other = open_database(database_url, data_dir=Path("/nonexistent"))
    gateways = [gateway_on(database, books, "one"), gateway_on(other, books, "other")]
    for gateway in gateways:
        await gateway.begin()
    for _ in range(5):
        key = await books.account(AFFORDED * AMOUNT)
        asked = [
            asyncio.ensure_future(gateways[each % 2].open_hold(books.hold(key, AMOUNT), expires_in_s=FAR_S))
            for each in range(ASKING)
        ]
        assert await admitted(list(asked)) == AFFORDED
    for gateway in gateways:
        await gateway.close()
    await other.close()
