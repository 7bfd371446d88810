"""Gateways that are killed while they charge: nothing is lost or made, nobody pays for what was not delivered."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from antiphon.clock import SystemClock
from antiphon.credits.service import Credits
from antiphon.credits.verify import verify
from antiphon.db import Connection, Database
from antiphon.db.open import open_database

CLEARED_S_MAX = 10.0
LINES_MIN, LINES_MAX = 40, 600
USAGE = "SELECT number, id FROM ledger_journals WHERE ledger = 'USDC' AND kind = 'usage'"
PAID = "SELECT number, amount FROM ledger_entries WHERE ledger = 'USDC' AND account LIKE 'user:%' AND amount < 0"
HELD = "SELECT SUM(held) FROM ledger_accounts"


class Told:
    """What killed processes had told before."""

    def __init__(self) -> None:
        self.delivered: dict[str, int] = {}
        self.charged: set[str] = set()

    def note(self, line: str) -> None:
        """Take a line, if it is whole."""
        words = line.split()
        if not line.endswith("\n") or not words:
            return
        assert words[0] != "lost", line
        if words[0] == "delivered":
            self.delivered[words[1]] = int(words[2])
        elif words[0] == "charged":
            self.charged.add(words[1])


@contextmanager
def spending(url: str, gateway: str) -> Iterator[subprocess.Popen[str]]:
    """A gateway under load, killed in the end."""
    words = [sys.executable, "-m", "tests.fixtures.ledger.spending_child", url, gateway]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdout is not None
        assert process.wait() == -signal.SIGKILL


def killed(url: str, gateway: str, told: Told, lines: int) -> None:
    """Run a gateway until it has told so much, kill it, and hear what it still had to say."""
    with spending(url, gateway) as process:
        assert process.stdout is not None
        for count, line in enumerate(process.stdout, 1):
            told.note(line)
            if count == lines:
                process.send_signal(signal.SIGKILL)


async def proved(database: Database, told: Told) -> int:
    """How many requests are charged: each was delivered, for what it cost, and all are there that were told to be."""
    findings = await database.read(partial(verify, now_ms=0))
    assert findings.fault is None
    rows = await database.read(charges)
    assert {name: cost for name, cost in rows.items() if told.delivered.get(name) != cost} == {}
    assert told.charged - set(rows) == set()
    return len(rows)


def charges(connection: Connection) -> dict[str, int]:
    """What each request was charged; more than once is an error."""
    journals: dict[int, str] = {row[0]: row[1] for row in connection.all(USAGE)}
    paid = [(number, -amount) for number, amount in connection.all(PAID)]
    found = {journals[number].removeprefix("use:"): amount for number, amount in paid}
    assert len(found) == len(paid) == len(journals)
    return found


def held(connection: Connection) -> int:
    """What is kept back of all accounts."""
    row = connection.one(HELD)
    assert row is not None
    return int(row[0])


async def kill_many(url: str, folder: Path, kills: int) -> None:
    """Kill one gateway after the other; each frees what the one before it held, and the last is cleared away."""
    chance, told = random.Random(kills), Told()
    database = open_database(url, data_dir=folder)
    charged = 0
    for _ in range(kills):
        killed(url, "gateway", told, chance.randint(LINES_MIN, LINES_MAX))
        more = await proved(database, told)
        assert more >= charged
        charged = more
    assert charged > kills
    assert await database.read(held) > 0
    heir = Credits(database, gateway="gateway", clock=SystemClock(), on_lost=lambda *_: None)
    await heir.begin()
    assert await database.read(held) == 0
    await heir.close()
    assert await proved(database, told) == charged
    await database.close()


@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_two_kills(database_url: str, tmp_path: Path) -> None:
    """After each the books are sound, and a start of the same gateway frees at once what was held."""
    await kill_many(database_url, tmp_path, kills=2)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_a_hundred_kills(database_url: str, tmp_path: Path) -> None:
    """The same, a hundred times."""
    await kill_many(database_url, tmp_path, kills=100)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
async def test_another_gateway_clears_up(database_url: str, tmp_path: Path) -> None:
    """Killed gateways of other names are noticed by their silence, and nothing is held ten seconds after a start."""
    told = Told()
    database = open_database(database_url, data_dir=tmp_path)
    with spending(database_url, "first") as first:
        killed(database_url, "second", told, LINES_MAX)
        first.send_signal(signal.SIGKILL)
        assert first.stdout is not None
        for line in first.stdout:
            told.note(line)
    heir = Credits(database, gateway="third", clock=SystemClock(), on_lost=lambda *_: None)
    begun_at = time.monotonic()
    await heir.start()
    while await database.read(held):
        assert time.monotonic() - begun_at < CLEARED_S_MAX
    await proved(database, told)
    await heir.close()
    await database.close()
