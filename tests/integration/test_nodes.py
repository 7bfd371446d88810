"""Nodes in processes of their own: joined with one line, served over the broker, left without losing a request."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.node_process import NodeProcess
from antiphon.testing.plan import Habits
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes

ADMIN = "sk-nodes-2a97516c354b68848cdbd8f54a226a0a"
SETTINGS = f"""
[[keys]]
name = "admin"
key = "{ADMIN}"
admin = true
[[upstreams]]
url = "{{url}}"
kind = "openai"
models = [{{{{ name = "other" }}}}]
"""
SLOW = Habits(answer_tokens=30, token_delay_s=0.02)  # long enough to be interrupted


class Lab:
    """A gateway, and an engine that only nodes lead to."""

    def __init__(self, gateway: GatewayProcess, engine: FaultEngine, folder: Path) -> None:
        self.gateway = gateway
        self.engine = engine
        self._folder = folder

    async def token(self, **asked: object) -> str:
        """A new token."""
        made = await self.gateway.ask("/v1/nodes/invites", asked, key=ADMIN)
        assert made.status == 201, made.body
        return str(made.json()["token"])

    async def node(self, name: str) -> NodeProcess:
        """A node that is about to join, with the engine behind it."""
        token = await self.token(name=name)
        words = ("--join", token, "--engine", f"openai+{self.engine.url}", "--slots", "8")
        return NodeProcess(self._folder / name, *words)

    async def change(self, node: str, **fields: object) -> RawResponse:
        """What the gateway answers to a change of a node."""
        headers = {"authorization": f"Bearer {ADMIN}", "accept": "application/json"}
        async with await RawClient.connect(self.gateway.url) as client:
            await client.send(request_bytes(f"/v1/nodes/{node}", fields, method="PATCH", headers=headers))
            return await client.response()

    async def shown(self, name: str) -> dict[str, Any]:  # Any: JSON
        """A node as the gateway shows it."""
        return dict((await self.gateway.ask(f"/v1/nodes/{name}", key=ADMIN)).json())

    async def until(self, name: str, **fields: object) -> None:
        """Return once the gateway shows the node so."""
        async with asyncio.timeout(10):
            while await self._differs(name, fields):
                continue

    async def _differs(self, name: str, fields: dict[str, object]) -> bool:
        shown = await self.shown(name)
        return any(shown.get(field) != value for field, value in fields.items())

    async def ask(self, *, stream: bool = False) -> RawResponse:
        """The answer to a request that only nodes can serve."""
        body = {"model": "fault-model", "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
        return await self.gateway.ask("/v1/chat/completions", body, key=ADMIN)

    async def streaming(self) -> asyncio.Task[RawResponse]:
        """A stream that has begun at the engine."""
        before = len(self.engine.requests)
        task = asyncio.create_task(self.ask(stream=True))
        await self.engine.request(before)
        return task


@pytest_asyncio.fixture(loop_scope="function")
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """The gateway without any node."""
    async with (
        FaultEngine(Habits(model="other")) as other,
        FaultEngine(SLOW) as engine,
        GatewayProcess(SETTINGS.format(url=other.url), tmp_path) as gateway,
    ):
        yield Lab(gateway, engine, tmp_path)


def whole(response: RawResponse) -> bool:
    """Whether a stream came to its proper end."""
    return response.status == 200 and response.events()[-1] == "[DONE]" and b'"error"' not in response.body


async def test_a_machine_joins_with_one_line(lab: Lab) -> None:
    """It serves plain answers and streams, is drained while it streams, and leaves by SIGTERM: no request is lost."""
    node = await lab.node("attic")
    async with node:
        await lab.until("attic", presence="serving", slots=8)
        plain = await lab.ask()
        assert plain.status == 200
        assert plain.json()["usage"]["completion_tokens"] == SLOW.answer_tokens
        running = await lab.streaming()
        assert (await lab.change("attic", state="drained")).status == 200
        refused = await lab.ask()
        assert (refused.status, "retry-after" in refused.headers) == (503, True)
        assert whole(await running)
        await lab.change("attic", state="active", name="loft")
        running = await lab.streaming()
        left = asyncio.create_task(node.stop())
        assert whole(await running)
        assert await left == 0
    await lab.until("loft", presence="gone")
    assert [told["event"] for told in node.events[-2:]] == ["stopping", "left"]
    await node.start("--engine", f"openai+{lab.engine.url}")  # without a token
    await node.wait_for("serving")
    await lab.until("loft", presence="serving", epoch=2)
    assert whole(await lab.ask(stream=True))
    assert await node.stop() == 0


@pytest.mark.slow
async def test_the_newer_of_two_agents_is_the_node(lab: Lab, tmp_path: Path) -> None:
    """A copy of a node's folder takes its place; a ban sends it away, and it says so."""
    async with await lab.node("attic") as old:
        await lab.until("attic", epoch=1)
        shutil.copytree(tmp_path / "attic" / "data" / "node", tmp_path / "copy" / "data" / "node")
        async with NodeProcess(tmp_path / "copy", "--engine", f"openai+{lab.engine.url}", "--slots", "3") as new:
            await lab.until("attic", presence="serving", epoch=2, slots=3)
            assert whole(await lab.ask(stream=True))
            running = await lab.streaming()
            await new.kill()
            assert not whole(await running)  # the old one is there, and is not heard
            await lab.until("attic", presence="gone", epoch=2)
            assert (await lab.change("attic", state="banned")).status == 200
            assert await old.ended() == 1
            assert "The operator has banned this node." in old.log
