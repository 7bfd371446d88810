"""Two gateways over one database: a key of one is a key of the other, and its end is seen by both in time."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import Struct

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes
from tests.fixtures.databases.server import PostgresServer
from tests.fixtures.machine import Stopwatch

pytestmark = pytest.mark.asyncio(loop_scope="module")
ADMIN = "sk-stored-keys-2a97516c354b68848cdbd8f54a226a0a"
REVOKED_S_MAX = 2.0
CUT_S_MAX = 5.0
SETTINGS = """
[auth]
pepper = "0123456789abcdef0123456789abcdef"
[database]
url = "{database}"
[[keys]]
name = "admin"
key = "{admin}"
account = "acme"
admin = true
[[upstreams]]
url = "{engine}"
kind = "vllm"
models = [{{ name = "m", upstream_name = "fault-model" }}]
"""


class Pair(Struct, frozen=True):
    """The gateways, the folder of the settings that they share, and how long a mistaken answer was given at most."""

    one: GatewayProcess
    two: GatewayProcess
    folder: Path

    def stopwatch(self) -> Stopwatch:
        """A stopwatch for what both do."""
        return Stopwatch(self.one.pid, self.two.pid)

    async def create(self, **fields: object) -> tuple[str, str]:
        """A key that the first gateway makes, and its id."""
        made = (await self.one.ask("/v1/keys", {"name": "agent", **fields}, key=ADMIN)).json()
        return str(made["api_key"]), str(made["key"]["id"])

    async def statuses(self, key: str) -> list[int]:
        """What the gateways say of a key."""
        return [(await each.ask("/v1/models", key=key)).status for each in (self.one, self.two)]

    async def refused_in_s(self, key: str) -> float:
        """How long it takes from now until neither takes the key; once refused, it stays so."""
        watch = self.stopwatch()
        while await self.statuses(key) != [401, 401]:
            assert watch.fair_s < 2 * REVOKED_S_MAX
        taken_s = watch.fair_s
        assert await self.statuses(key) == [401, 401]
        return taken_s


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The URL of a database that does not hold anything yet, and a folder."""
    folder = tmp_path_factory.mktemp("stored-keys")
    if request.param == "sqlite":
        return f"sqlite:///{folder / 'test.db'}", folder
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_url(), folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(place: tuple[str, Path]) -> AsyncIterator[Pair]:
    """Both gateways, up; each test makes keys of its own."""
    url, made = place
    async with FaultEngine() as engine:
        told = SETTINGS.format(database=url, admin=ADMIN, engine=engine.url)
        folders = [made / name for name in ("one", "two")]
        for folder in folders:
            folder.mkdir()
        async with GatewayProcess(told, folders[0]) as one, GatewayProcess(told, folders[1]) as two:
            yield Pair(one, two, folders[0])
            for gateway in (one, two):
                assert "Traceback" not in gateway.log, gateway.log


async def send(gateway: GatewayProcess, method: str, path: str) -> RawResponse:
    """A request of the administrator without a body."""
    headers = {"authorization": f"Bearer {ADMIN}"}
    async with await RawClient.connect(gateway.url) as client:
        await client.send(request_bytes(path, method=method, headers=headers))
        return await client.response(timeout_s=10.0)


async def test_a_key_is_good_and_ends_everywhere(pair: Pair) -> None:
    """Made here it is good there at once; revoked here it is refused there within two seconds, and here at once."""
    key, key_id = await pair.create()
    assert await pair.statuses(key) == [200, 200]
    assert (await send(pair.one, "DELETE", f"/v1/keys/{key_id}")).status == 204
    assert (await pair.one.ask("/v1/models", key=key)).status == 401
    assert await pair.refused_in_s(key) < REVOKED_S_MAX


async def test_a_command_is_seen_by_gateways(pair: Pair) -> None:
    """`antiphon keys` works beside them, on the database itself."""
    config = pair.folder / "antiphon.toml"

    async def keys(*words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "antiphon", "keys", *words, "--config", str(config)),
            stdout=asyncio.subprocess.PIPE,
            env=dict(os.environ),
        )
        out, _ = await process.communicate()
        assert process.returncode == 0
        return out.decode().strip()

    key = await keys("create", "agent", "--account", "ann")
    assert await pair.statuses(key) == [200, 200]
    listed = await keys("list", "--account", "ann")
    key_id = listed.splitlines()[1].split()[0]
    await keys("revoke", key_id)
    assert await pair.refused_in_s(key) < REVOKED_S_MAX


async def test_a_stream_ends_with_its_key(pair: Pair) -> None:
    """Revoked at one gateway while the other streams: it ends within five seconds, with an error and no `[DONE]`."""
    key, key_id = await pair.create()
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "[[answer tokens=400 delay_s=0.05]] Tell me all."}],
        "stream": True,
    }
    async with await RawClient.connect(pair.two.url) as client:
        await client.send(request_bytes("/v1/chat/completions", body, headers={"authorization": f"Bearer {key}"}))
        await client.until(b"data: ")
        watch = pair.stopwatch()
        await send(pair.one, "DELETE", f"/v1/keys/{key_id}")
        answer = await client.response(timeout_s=30.0)
    assert watch.fair_s < CUT_S_MAX
    first, *_, last = answer.events()
    assert (answer.status, "chat.completion.chunk" in first) == (200, True)
    assert '"code":"invalid_api_key"' in last
    assert b"[DONE]" not in answer.body
    assert await pair.statuses(key) == [401, 401]


async def test_a_minutes_requests_are_exact(pair: Pair) -> None:
    """Of many at once on one gateway just the allowed number pass, and the rest are told when to come."""
    key, _ = await pair.create(requests_per_minute=12)
    answers = await asyncio.gather(*(pair.one.ask("/v1/models", key=key) for _ in range(60)))
    assert sorted(answer.status for answer in answers) == [200] * 12 + [429] * 48
    limited = next(answer for answer in answers if answer.status == 429)
    assert limited.headers["x-ratelimit-limit-requests"] == "12"
    assert 1 <= int(limited.headers["retry-after"]) <= 60
