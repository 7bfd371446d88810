"""`antiphon payout run` killed at each step, on a real chain, and run again: every owner is paid exactly once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from antiphon.chain.local import LocalChain
from antiphon.clock import SystemClock
from antiphon.credits import ledger
from antiphon.credits import store as books
from antiphon.credits.verify import verify
from antiphon.db.open import open_database
from antiphon.errors import AntiphonError
from tests.fixtures.topup.desk import MICRO
from tests.fixtures.topup.payer import Payer
from tests.fixtures.topup.web import Web, as_json

OWED = {0: 3 * MICRO, 1: 5 * MICRO}
SETTINGS = """
embedded_default = false
data_dir = "{folder}"
[database]
url = "{database}"
[[upstreams]]
url = "http://127.0.0.1:9"
models = [{{ name = "m" }}]
[payouts]
enabled = {enabled}
[topup]
network = "eip155:84532"
rpc_url = "{rpc}"
pay_to = "{pay_to}"
facilitator_key = "{gas}"
"""


class World:
    """A treasury on a chain behind an address of ours, owners to whom it owes, and a moment at which to kill."""

    def __init__(self, chain: LocalChain, folder: Path) -> None:
        self.chain = chain
        self.folder = folder
        self.treasury = Payer()
        self.owners = [Payer().address for _ in OWED]
        chain.token.mint(self.treasury.address, 100 * MICRO)
        (folder / "key").write_text(self.treasury.private_key)
        self.database = f"sqlite:///{folder / 'books.db'}"
        self.rpc = Web(self._answer)
        self.kill_at = ""
        self.process: asyncio.subprocess.Process | None = None
        self.transactions = 0

    def write_settings(self, *, enabled: bool = True) -> None:
        """The settings of the command."""
        text = SETTINGS.format(
            folder=self.folder,
            database=self.database,
            enabled=str(enabled).lower(),
            rpc=self.rpc.url,
            pay_to=self.treasury.address,
            gas=self.chain.facilitator.private_key,
        )
        (self.folder / "antiphon.toml").write_text(text)

    async def owe(self) -> None:
        """Let each owner's node have earned something."""
        database = open_database(self.database, data_dir=self.folder, clock=SystemClock())
        for number, amount in OWED.items():
            paid_in = ledger.topup("user:ann", f"t{number}", amount, at_ms=1)
            await database.write(partial(books.post, journal=paid_in))
            earner = ledger.Earner(ledger.node(f"n{number}", self.owners[number]), 10_000)
            charged = ledger.usage(("USDC", "user:ann"), f"r{number}", amount, at_ms=1, earner=earner)
            await database.write(partial(books.post, journal=charged))
        await database.close()

    async def command(self, *words: str) -> tuple[int, str, str]:
        """How a command ended, and what it said."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("ANTIPHON_")}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "antiphon", *words),
            cwd=self.folder,
            env=environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await self.process.communicate()
        return self.process.returncode or 0, out.decode(), err.decode()

    async def run(self) -> tuple[int, str, str]:
        """Pay."""
        return await self.command("payout", "run", "--key-file", "key", "--json", "--config", "antiphon.toml")

    def _killed(self, step: str) -> bool:
        """Whether the command was killed just now."""
        if step != self.kill_at or self.process is None:
            return False
        self.kill_at = ""
        self.process.send_signal(signal.SIGKILL)
        return True

    async def _answer(self, _path: str, body: Any) -> tuple[int, bytes]:  # Any: JSON
        method, sends = body["method"], body["method"] == "eth_sendRawTransaction"
        if (method == "eth_estimateGas" and self._killed("intent written")) or (sends and self._killed("signed")):
            return 500, b""
        try:
            told = {"result": await asyncio.to_thread(self.chain.anvil.rpc.call, method, *body["params"])}
        except AntiphonError as error:
            told = {"error": str(error)}
        if sends:
            self.transactions += 1
            self._killed("broadcast")
        elif method == "eth_getTransactionReceipt" and told.get("result"):
            self._killed("mined")
        elif method == "eth_getLogs" and self.transactions:
            self._killed("before the books")
        return as_json({"jsonrpc": "2.0", "id": body["id"], **told})

    async def require_paid_once(self) -> None:
        """Each owner has exactly what was owed, and so say the books."""
        received = [self.chain.token.balance(owner) for owner in self.owners]
        assert received == list(OWED.values())
        database = open_database(self.database, data_dir=self.folder, clock=SystemClock())
        assert (await database.read(partial(verify, now_ms=0))).fault is None
        out = await database.read(partial(books.account, key=("USDC", ledger.USDC_OUT)))
        assert out.balance == sum(received)
        await database.close()


@pytest.fixture
async def world(local_chain: LocalChain, tmp_path: Path) -> AsyncIterator[World]:
    """Owners to whom something is owed."""
    world = World(local_chain, tmp_path)
    async with world.rpc:
        world.write_settings()
        await world.owe()
        yield world


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("intent written", marks=pytest.mark.slow),
        pytest.param("signed", marks=pytest.mark.slow),
        pytest.param("broadcast", marks=pytest.mark.slow),
        pytest.param("mined", marks=pytest.mark.slow),
        pytest.param("before the books", marks=pytest.mark.slow),
    ],
)
async def test_a_run_that_is_killed(world: World, step: str) -> None:
    """Whoever runs it again finds out what became of it, and nobody is paid twice, however often that is."""
    world.kill_at = step
    code, out, err = await world.run()
    assert code == -signal.SIGKILL, out + err
    for _ in range(2):
        code, out, err = await world.run()
        assert (code, json.loads(out)["open"]) == (0, []), err
    assert world.transactions == 1
    await world.require_paid_once()


async def test_what_is_owed_is_shown_and_sent_only_where_that_is_wanted(world: World) -> None:
    """The plan and the earnings tell of it; without a word in the settings nothing is sent."""
    world.write_settings(enabled=False)
    code, _, err = await world.run()
    assert (code, world.transactions) == (2, 0)
    assert "payouts.enabled" in err
    code, out, _ = await world.command("payout", "--json", "--config", "antiphon.toml")
    due = {one["owner"]: sum(one["parts"].values()) for one in json.loads(out)["due"]}
    assert (code, due) == (0, {owner: OWED[number] for number, owner in enumerate(world.owners)})
    code, out, _ = await world.command("earnings", world.owners[0].lower(), "--config", "antiphon.toml")
    assert (code, out.split()[-5:]) == (0, ["n0", world.owners[0], "3.00", "0.00", "3.00"])
