"""Gateways that are killed at each step of a payment, and one payment posted to two of them: credited exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from antiphon.chain.local import LocalChain
from antiphon.errors import AntiphonError
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes
from antiphon.topup.in_process import InProcessFacilitator
from antiphon.topup.model import Payment
from tests.fixtures.databases.server import PostgresServer
from tests.fixtures.topup.desk import MICRO, terms_of
from tests.fixtures.topup.payer import Payer, v1_header
from tests.fixtures.topup.web import Web, as_json

KEY = "sk-topup-kills-5d8f2a616c354b68848cdbd8f54a226a"
TEN = 10 * MICRO
POSTS = 500
TRIES = 60
SETTINGS = """
embedded_default = false
[database]
url = "{database}"
[[keys]]
name = "payer"
key = "{key}"
account = "{account}"
credit = "usdc"
[[upstreams]]
url = "http://127.0.0.1:9"
models = [{{ name = "m" }}]
[topup]
network = "eip155:84532"
rpc_url = "{rpc}"
pay_to = "{pay_to}"
{facilitator}
"""


class World:
    """What is around a gateway: the chain behind an address of ours, a facilitator, and a moment at which to kill."""

    def __init__(self, chain: LocalChain) -> None:
        self.chain = chain
        self.payer, pay_to = Payer(), Payer().address
        chain.token.mint(self.payer.address, 100 * MICRO)
        self.terms = terms_of(chain, pay_to)
        self.payment = self.payer.pay(self.terms, TEN)
        self.rpc = Web(self._rpc)
        self.facilitator = Web(self._facilitator)
        self._inner = InProcessFacilitator(chain.facilitator.private_key, chain.rpc_url, self.terms, wait_s=1)
        self._settled = False
        self.kill_at = ""
        self.kill: Callable[[], Awaitable[None]] | None = None

    def settings(self, database: str, *, own_key: bool = False) -> str:
        """A gateway's settings."""
        if own_key:
            facilitator = f'facilitator_key = "{self.chain.facilitator.private_key}"'
        else:
            facilitator = f'facilitator_url = "{self.facilitator.url}"'
        return SETTINGS.format(
            database=database,
            key=KEY,
            account=self.payer.address,
            rpc=self.chain.rpc_url if own_key else self.rpc.url,
            pay_to=self.terms.pay_to,
            facilitator=facilitator,
        )

    @property
    def received(self) -> int:
        """What was paid, on the chain."""
        return self.chain.token.balance(self.terms.pay_to)

    async def _reached(self, step: str) -> bool:
        """Whether the gateway was killed just now."""
        if step != self.kill_at or self.kill is None:
            return False
        kill, self.kill = self.kill, None
        await kill()
        return True

    async def _rpc(self, _path: str, body: Any) -> tuple[int, bytes]:  # Any: JSON
        if self._settled and body["method"] == "eth_getTransactionReceipt":
            await self._reached("before the credit")
        try:
            told = {"result": await asyncio.to_thread(self.chain.anvil.rpc.call, body["method"], *body["params"])}
        except AntiphonError as error:
            told = {"error": str(error)}
        return as_json({"jsonrpc": "2.0", "id": body["id"], **told})

    async def _facilitator(self, path: str, body: Any) -> tuple[int, bytes]:  # Any: JSON
        if path == "/supported":
            return as_json({"kinds": [{"x402Version": 2, "scheme": "exact", "network": self.terms.network}]})
        if path == "/verify":
            return as_json({"isValid": (await self._inner.verify(self.payment, TEN)).good})
        if await self._reached("intent written"):
            return 500, b""
        answer = await self._settle()
        await self._reached("mined")
        return as_json({"success": answer[0], "transaction": answer[1], "errorReason": answer[2] or None})

    async def _settle(self) -> tuple[bool, str, str]:
        rpc = self.chain.anvil.rpc
        if self.kill_at == "broadcast" and self.kill is not None:
            rpc.call("evm_setIntervalMining", 0)  # turns off both ways in which this chain makes blocks
            await self._inner.settle(self.payment, TEN)
            await self._reached("broadcast")
            rpc.call("evm_setAutomine", True)
            rpc.call("evm_mine")
            return False, "", "settlement_pending"
        answer = await self._inner.settle(self.payment, TEN)
        self._settled = True
        return answer.good, answer.tx_hash, answer.reason


@pytest.fixture
async def world(local_chain: LocalChain) -> AsyncIterator[World]:
    """A payer, a recipient and a facilitator that no other test has."""
    world = World(local_chain)
    async with world.rpc, world.facilitator:
        yield world


async def post(url: str, payment: Payment) -> RawResponse:
    """The answer to a top-up."""
    headers = {"authorization": f"Bearer {KEY}", "x-payment": v1_header(payment).decode()}
    async with await RawClient.connect(url) as client:
        await client.send(request_bytes("/v1/credits/topup", {"amount": "10"}, method="POST", headers=headers))
        return await client.response(timeout_s=60)


async def post_until_good(url: str, payment: Payment) -> dict[str, Any]:
    """The answer when the same payment is sent again as often as the gateway asks for it."""
    for _ in range(TRIES):
        answer = await post(url, payment)
        if answer.status not in (409, 503):
            assert answer.status == 200, answer.body
            return dict(answer.json())
        await asyncio.sleep(int(answer.headers["retry-after"]))
    raise TimeoutError


async def killed(world: World, gateway: GatewayProcess, step: str) -> None:
    """Send the payment, and kill the gateway when it has come so far."""
    dead = asyncio.Event()

    async def kill() -> None:
        os.kill(gateway.pid, signal.SIGKILL)
        await gateway.stop()
        dead.set()

    world.kill_at, world.kill = step, kill
    request = asyncio.create_task(post(gateway.url, world.payment))
    async with asyncio.timeout(30):
        await dead.wait()
    with contextlib.suppress(ConnectionError, TimeoutError):
        answer = await request
        assert answer.ending != "whole"


@pytest.mark.parametrize(
    ("step", "replayed"),
    [
        pytest.param("intent written", False, marks=pytest.mark.slow),
        pytest.param("broadcast", True, marks=pytest.mark.slow),
        pytest.param("mined", True, marks=pytest.mark.slow),
        ("before the credit", True),
    ],
)
async def test_a_gateway_killed(world: World, tmp_path: Path, step: str, *, replayed: bool) -> None:
    """After a restart the same payment is good, whoever credits it first, and was credited once."""
    settings = world.settings(f"sqlite:///{tmp_path / 'killed.db'}")
    gateway = GatewayProcess(settings, tmp_path)
    await gateway.start()
    await killed(world, gateway, step)
    async with GatewayProcess(settings, tmp_path) as again:
        if replayed:
            await credited(again)
        answer = await post_until_good(again.url, world.payment)
        assert (answer["replayed"], answer["credits_added"]) == (replayed, 0 if replayed else 1000)
        assert (answer["balance_usdc"], world.received) == ("10.00", TEN)


async def credited(gateway: GatewayProcess) -> None:
    """Return when the gateway itself has found out that it was paid."""
    async with asyncio.timeout(30):
        while (await gateway.ask("/v1/credits/balance", key=KEY)).json()["balance"] == 0:
            pass


@pytest.mark.slow
async def test_one_payment_posted_to_two_gateways(world: World, postgres: PostgresServer, tmp_path: Path) -> None:
    """Five hundred times at once, over sockets, on one PostgreSQL: one answer adds credit, nothing else does."""
    settings = world.settings(postgres.new_url(), own_key=True)
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    async with GatewayProcess(settings, folders[0]) as one, GatewayProcess(settings, folders[1]) as two:
        posts = (post((one, two)[number % 2].url, world.payment) for number in range(POSTS))
        answers = await asyncio.gather(*posts)
        statuses = Counter(answer.status for answer in answers)
        assert set(statuses) <= {200, 409}, statuses
        added = [answer.json()["credits_added"] for answer in answers if answer.status == 200]
        assert (sum(added), max(added)) == (1000, 1000)
        for gateway in (one, two):
            balance = (await gateway.ask("/v1/credits/balance", key=KEY)).json()
            assert balance["balance_usdc"] == "10.00"
    assert world.received == TEN
