"""Gateways that are killed while they charge over HTTP: the books are sound, and who was charged had been answered."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path

import pytest

from antiphon.db import Connection, Database
from antiphon.db.open import open_database
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse
from tests.fixtures.machine import Stopwatch

from .lab import PAYER, Engines, Lab, chat, folders, sent_bytes, settings

CLIENTS = 16
CLEARED_S_MAX = 10.0
CHARGED_S_MAX = 30.0  # for the first charge, on a machine that has other work
LOAD_S = (0.0, 0.5)
FUNDS = 10**12


class Told:
    """What clients were told that their answers cost, by the ids of their requests."""

    def __init__(self) -> None:
        self.sent = 0
        self.costs: dict[str, int] = {}

    def name(self) -> str:
        """The id of a request that is about to be sent."""
        self.sent += 1
        return f"load-{self.sent}"

    def note(self, name: str, answer: RawResponse) -> None:
        """Keep what a whole answer says; what was cut off says nothing."""
        if answer.status != 200 or answer.ending != "whole":
            return
        if "event-stream" in answer.headers["content-type"]:
            chunks = [json.loads(event) for event in answer.events() if event.startswith("{")]
            usages = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
        else:
            usages = [answer.json()["usage"]]
        for usage in usages:
            self.costs[name] = round(usage["cost"] * 1_000_000)


async def load(gateway: GatewayProcess, told: Told, chance: random.Random, key: str) -> None:
    """One client: request after request, plain and streamed, one or several choices, until the gateway is gone."""
    while True:
        try:
            async with await RawClient.connect(gateway.url) as client:
                while True:
                    name = told.name()
                    body = chat(stream=chance.random() < 0.5, n=chance.choice((1, 1, 1, 2)))
                    await client.send(sent_bytes(body, key=key, request_id=name))
                    answer = await client.response()
                    told.note(name, answer)
                    if answer.ending != "whole":
                        return
        except OSError:
            return


async def killed(gateway: GatewayProcess, database: Database, told: Told, chance: random.Random, *keys: str) -> None:
    """Kill a gateway under load that has charged somebody since, and hear what it still had sent."""
    before = await database.read(charged)
    clients = [asyncio.create_task(load(gateway, told, chance, keys[i % len(keys)])) for i in range(CLIENTS)]
    async with asyncio.timeout(CHARGED_S_MAX):
        while await database.read(charged) == before:
            pass
    await asyncio.sleep(chance.uniform(*LOAD_S))
    await gateway.kill()
    await asyncio.gather(*clients)


def charged(connection: Connection) -> int:
    """How many requests were charged."""
    row = connection.one("SELECT COUNT(*) FROM ledger_journals WHERE kind = 'usage'")
    assert row is not None
    return int(row[0])


def charges(connection: Connection) -> dict[str, int]:
    """What each request was charged, by the id that its client gave it; more than once is an error.

    Joined here, since a database may take too long over so many rows at once.
    """
    journals = connection.all("SELECT ledger, number, id FROM ledger_journals WHERE kind = 'usage'")
    entries = connection.all("SELECT ledger, number, amount FROM ledger_entries WHERE account LIKE 'user:%'")
    paid = {(ledger, number): -int(amount) for ledger, number, amount in entries}
    names: dict[str, str] = dict(connection.all("SELECT id, request_id FROM receipts"))
    found = {str(names.get(name.removeprefix("use:"))): paid[ledger, number] for ledger, number, name in journals}
    assert len(found) == len(journals)
    return found


def capped_spending(connection: Connection) -> int:
    """What the budgets of keys say was spent."""
    row = connection.one("SELECT COALESCE(SUM(spent), 0) FROM budgets")
    assert row is not None
    return int(row[0])


def held(connection: Connection) -> int:
    """What is kept back of all accounts and budgets."""
    row = connection.one(
        "SELECT (SELECT COALESCE(SUM(held), 0) FROM ledger_accounts), (SELECT COUNT(*) FROM budget_holds)"
    )
    assert row is not None
    return int(row[0]) + int(row[1])


async def proved(lab: Lab, told: Told) -> int:
    """How many requests are charged: each was answered, for what its client was told."""
    await lab.require_sound()
    rows = await lab.database.read(charges)
    assert {name: cost for name, cost in rows.items() if told.costs.get(name) != cost} == {}
    assert await lab.database.read(capped_spending) == await lab.charged("acme")
    return len(rows)


async def cleared(database: Database, gateway: GatewayProcess) -> None:
    """Return once nothing is held, which the gateway has to see to in time."""
    watch = Stopwatch(gateway.pid)
    while await database.read(held):
        assert watch.fair_s < CLEARED_S_MAX
        await asyncio.sleep(0.05)


async def verified(folder: Path) -> None:
    """`antiphon ledger verify` finds nothing wrong."""
    words = ("ledger", "verify", "--config", str(folder / "antiphon.toml"))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "antiphon", *words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out


async def kill_many(url: str, folder: Path, kills: int) -> None:
    """Kill one gateway after the other under load; the last to start finds everything cleared in time."""
    chance, told = random.Random(kills), Told()
    async with Engines() as engines:
        gateway = GatewayProcess(settings(url, engines), folder)
        await gateway.start()
        database = open_database(url, data_dir=folder)
        lab = Lab([gateway], engines, database)
        await lab.fund(FUNDS)
        await lab.fund(FUNDS, "acme")
        capped = await lab.create(scopes=["inference"], spend_cap_micro_usdc=FUNDS)
        charged = 0
        for _ in range(kills):
            await killed(gateway, database, told, chance, PAYER, PAYER, PAYER, capped)
            more = await proved(lab, told)
            assert more > charged
            charged = more
            await gateway.start()
        await cleared(database, gateway)
        assert await proved(lab, told) == charged
        assert await gateway.stop() == 0
        await database.close()
        await verified(folder)
        assert "Traceback" not in gateway.log


@pytest.mark.timeout(120)
@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_three_kills(database_url: str, tmp_path: Path) -> None:
    """After each the books are sound, and nobody pays for an answer that did not come."""
    await kill_many(database_url, tmp_path, kills=3)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_a_hundred_kills(database_url: str, tmp_path: Path) -> None:
    """The same, a hundred times."""
    await kill_many(database_url, tmp_path, kills=100)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_another_gateway_clears_up(database_url: str, tmp_path: Path) -> None:
    """What a killed gateway held is free ten seconds later, though it never starts again."""
    chance, told = random.Random(1), Told()
    first, second = folders(tmp_path, 2)
    async with Engines() as engines, GatewayProcess(settings(database_url, engines), second) as heir:
        gateway = GatewayProcess(settings(database_url, engines), first)
        await gateway.start()
        database = open_database(database_url, data_dir=tmp_path)
        lab = Lab([heir], engines, database)
        await lab.fund(FUNDS)
        await lab.fund(FUNDS, "acme")
        capped = await lab.create(scopes=["inference"], spend_cap_micro_usdc=FUNDS)
        await killed(gateway, database, told, chance, PAYER, capped)
        assert await database.read(held) > 0
        await cleared(database, heir)
        assert await proved(lab, told) > 0
        await database.close()
