"""A gateway whose nodes come and go, for the tests of nodes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from antiphon.link.broker import find_program
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.node_process import NodeProcess
from antiphon.testing.plan import Habits
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes

ADMIN = "sk-nodes-2a97516c354b68848cdbd8f54a226a0a"
CALM = "[overload]\nlag_s = 0\n"  # others use this machine: that it is slow is no reason to refuse
SETTINGS = f"""{CALM}
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


@contextlib.asynccontextmanager
async def nats_server(
    settings: Path, folder: Path, listen: str, *, before: tuple[str, ...] = ()
) -> AsyncIterator[None]:
    """A NATS server of the operator's own, told what `nats-config` prints. `before` goes in front of the program."""
    words = (
        "nodes",
        "nats-config",
        "--config",
        str(settings),
        "--listen",
        listen,
        "--folder",
        str(folder),
    )
    printing = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "antiphon", *words, stdout=asyncio.subprocess.PIPE
    )
    text, _ = await printing.communicate()
    file = folder / "nats.conf"
    file.write_bytes(text)
    server = await asyncio.create_subprocess_exec(
        *before, str(find_program(os.environ)), "-c", str(file), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield
    finally:
        server.terminate()
        await server.wait()


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

    async def ask(self, *, stream: bool = False, nodes: str | None = None) -> RawResponse:
        """The answer to a request that only nodes can serve, bound to some of them or to none."""
        body = {"model": "fault-model", "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
        headers = {"authorization": f"Bearer {ADMIN}"} | ({} if nodes is None else {"x-node": nodes})
        async with await RawClient.connect(self.gateway.url) as client:
            await client.send(request_bytes("/v1/chat/completions", body, headers=headers))
            return await client.response()

    async def streaming(self) -> asyncio.Task[RawResponse]:
        """A stream that has begun at the engine."""
        before = len(self.engine.requests)
        task = asyncio.create_task(self.ask(stream=True))
        await self.engine.request(before)
        return task


def whole(response: RawResponse) -> bool:
    """Whether a stream came to its proper end."""
    return response.status == 200 and response.events()[-1] == "[DONE]" and b'"error"' not in response.body


def said(response: RawResponse) -> str:
    """The text of a stream that came to its proper end."""
    assert whole(response), response.body[-500:]
    choices = [choice for event in response.events()[:-1] for choice in json.loads(event)["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)
