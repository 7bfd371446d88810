"""Two gateways over one PostgreSQL: limits are exact over both, and a gateway that is killed frees what it had."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import Struct

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes
from tests.fixtures.databases.server import PostgresServer
from tests.fixtures.machine import Stopwatch

FREED_S_MAX = 10.0
AT_ONCE = 1_000
LIMITS = {
    "minute": "requests_per_minute = 60",
    "tokens": "tokens_per_minute = 120",
    "parallel": "parallel_max = 3",
    "free": "",
}
KEYS = {name: f"sk-{name}-97516c354b68848cdbd8f54a226a0a55b21ed1" for name in LIMITS}
SETTINGS = """
[database]
url = "{database}"
[[upstreams]]
url = "{engine}"
kind = "vllm"
models = [{{ name = "m", upstream_name = "fault-model" }}]
"""


class Pair(Struct, frozen=True):
    """The gateways, up."""

    one: GatewayProcess
    two: GatewayProcess

    @property
    def both(self) -> tuple[GatewayProcess, GatewayProcess]:
        """In order."""
        return self.one, self.two


@pytest.fixture
def database_kind() -> str:
    """A server, which both can reach."""
    return "postgres"


@pytest_asyncio.fixture
async def pair(database_url: str, tmp_path: Path) -> AsyncIterator[Pair]:
    """Both gateways, over an engine that answers slowly where it is told to; for a test that does them harm."""
    async with both(database_url, tmp_path) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """The same, for tests that each use up another key's limits."""
    async with both(postgres.new_url(), tmp_path_factory.mktemp("shared-limits")) as made:
        yield made


@asynccontextmanager
async def both(database_url: str, path: Path) -> AsyncIterator[Pair]:
    """Two gateways on one database."""
    keys = "".join(f'[[keys]]\nname = "{name}"\nkey = "{KEYS[name]}"\n{limit}\n' for name, limit in LIMITS.items())
    async with FaultEngine() as engine:
        told = SETTINGS.format(database=database_url, engine=engine.url) + keys
        folders = [path / name for name in ("one", "two")]
        for folder in folders:
            folder.mkdir()
        async with GatewayProcess(told, folders[0]) as one, GatewayProcess(told, folders[1]) as two:
            yield Pair(one, two)
            for gateway in (one, two):
                assert "Traceback" not in gateway.log, gateway.log


async def chat(stack: AsyncExitStack, gateway: GatewayProcess, key: str, *, delay_s: float) -> RawClient:
    """A request for a stream of 200 tokens, on its way."""
    client = await stack.enter_async_context(await RawClient.connect(gateway.url))
    text = f"[[answer tokens=200 delay_s={delay_s}]] Tell me all."
    body = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": True}
    headers = {"authorization": f"Bearer {KEYS[key]}", "accept": "application/json"}
    await client.send(request_bytes("/v1/chat/completions", body, headers=headers))
    return client


async def running(stack: AsyncExitStack, gateway: GatewayProcess) -> int:
    """How many of four more streams begin there; those that do go on."""
    clients = [await chat(stack, gateway, "parallel", delay_s=0.2) for _ in range(4)]
    said = [await client.until(b"data: ") for client in clients]
    return sum(body.startswith(b"data: ") for body in said)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_thousand_at_once(shared: Pair) -> None:
    """Of a limit of 60 a minute exactly 60 pass, and the rest are told when to come, by both gateways."""
    asking = [each.ask("/v1/models", key=KEYS["minute"]) for _ in range(AT_ONCE // 2) for each in shared.both]
    begun = time.monotonic()
    answers: list[RawResponse] = await asyncio.gather(*asking)
    earned = int(time.monotonic() - begun)  # one more each second
    counted = Counter(answer.status for answer in answers)
    assert counted.keys() == {200, 429}
    assert 60 <= counted[200] <= 60 + earned
    for answer in answers:
        assert answer.headers["x-ratelimit-limit-requests"] == "60"
        if answer.status == 429:
            assert answer.headers["x-ratelimit-remaining-requests"] == "0"
            assert answer.headers["retry-after"] == "1"
            assert 59 <= int(answer.headers["x-ratelimit-reset-requests"].rstrip("s")) <= 60
    assert (await shared.two.ask("/v1/models", key=KEYS["free"])).status == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_thousand_at_one(pair: Pair) -> None:
    """A gateway on a file counts in memory, as exactly; the other one counts for itself."""
    begun = time.monotonic()
    answers = await asyncio.gather(*(pair.one.ask("/v1/models", key=KEYS["minute"]) for _ in range(AT_ONCE)))
    earned = int(time.monotonic() - begun)
    counted = Counter(answer.status for answer in answers)
    assert counted.keys() == {200, 429}
    assert 60 <= counted[200] <= 60 + earned
    other = await pair.two.ask("/v1/models", key=KEYS["minute"])
    assert (other.status, other.headers["x-ratelimit-remaining-requests"]) == (200, "59")


async def test_requests_at_once_over_both(pair: Pair) -> None:
    """Three streams run, wherever they are; when a gateway is killed, its streams count no more within ten seconds."""
    async with AsyncExitStack() as stack:
        async with AsyncExitStack() as first:
            assert await running(first, pair.one) == 3
            assert await running(stack, pair.two) == 0
        async with asyncio.timeout(FREED_S_MAX):
            while not (begun := await running(stack, pair.two)):
                pass
        begun += await running(stack, pair.one)
        assert begun == 3
        assert await running(stack, pair.one) == 0
        os.kill(pair.two.pid, signal.SIGKILL)
        watch = Stopwatch(pair.one.pid)
        async with AsyncExitStack() as last:
            while not await running(last, pair.one):
                assert watch.fair_s < FREED_S_MAX


@pytest.mark.asyncio(loop_scope="module")
async def test_tokens_over_both(shared: Pair) -> None:
    """What an answer of one gateway used up is refused by both, with the wait."""
    async with AsyncExitStack() as stack:
        answer = await (await chat(stack, shared.one, "tokens", delay_s=0)).response()
    assert answer.status == 200
    async with asyncio.timeout(5):
        while (refused := await shared.two.ask("/v1/models", key=KEYS["tokens"])).status != 429:
            pass
    assert b"This key allows 120 tokens per minute." in refused.body
    assert 30 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["x-ratelimit-remaining-tokens"] == "0"
    assert (await shared.one.ask("/v1/models", key=KEYS["tokens"])).status == 429
