"""The Compose file run on this machine by its own words: a node joins, gateways are replaced under load."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.node_process import NodeProcess
from antiphon.testing.plan import Habits
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes
from bench.build import install_debian
from bench.peers.nginx import program
from tests.fixtures.databases.server import PostgresServer

from .stack import Stack

KEY = "sk-stack-2a97516c354b68848cdbd8f54a226a0a55b21ed1"
SECRETS = {
    "ANTIPHON_AUTH__PEPPER": "0123456789abcdef" * 4,
    "POSTGRES_PASSWORD": "secret",
    "ADMIN_KEY_SHA256": hashlib.sha256(KEY.encode()).hexdigest(),
}
SLOW = Habits(answer_tokens=30, token_delay_s=0.02)
CLIENTS = 8
SERVED_S_MAX = 30.0
SETTLED_S = 8.0  # in which a new gateway hears of the node, and the proxy finds six times that it can serve
CHAT = "/v1/chat/completions"


class Visitors:
    """Clients of the proxy, each asking on and on."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.answered = 0
        self.broken: list[RawResponse] = []

    async def ask(self, path: str, body: object) -> RawResponse:
        """The answer to one request."""
        headers = {"authorization": f"Bearer {KEY}", "accept": "application/json"}
        async with await RawClient.connect(self._url) as client:
            await client.send(request_bytes(path, body, headers=headers))
            return await client.response(timeout_s=30)

    async def stream(self) -> RawResponse:
        """The answer to one streamed request, which only the node can serve."""
        messages = [{"role": "user", "content": "Hi"}]
        return await self.ask(CHAT, {"model": "fault-model", "messages": messages, "stream": True})

    async def visit(self) -> None:
        """One client."""
        while True:
            answer = await self.stream()
            self.answered += 1
            if not whole(answer):
                self.broken.append(answer)


def whole(answer: RawResponse) -> bool:
    """Whether a stream came to its proper end."""
    return answer.status == 200 and answer.ending == "whole" and answer.events()[-1:] == ["[DONE]"]


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_what_it_starts_serves_and_is_replaced(tmp_path: Path, postgres: PostgresServer) -> None:
    """A node joins through the proxy with one line; both gateways are replaced under load, and no stream is lost."""
    if program("haproxy") is None:
        await asyncio.to_thread(install_debian, "haproxy")
    stack = Stack(tmp_path, postgres.new_url(), SECRETS)
    async with FaultEngine(SLOW) as engine, stack.up():
        visitors = Visitors(stack.url)
        made = await visitors.ask("/v1/nodes/invites", {"name": "attic", "url": stack.url})
        assert made.status == 201, made
        words = ("--join", made.json()["token"], "--engine", f"openai+{engine.url}", "--slots", "32")
        async with NodeProcess(tmp_path / "attic", *words):
            async with asyncio.timeout(SERVED_S_MAX):  # each gateway hears of it by itself
                served = 0
                while served < 2 * CLIENTS:
                    served = served + 1 if whole(await visitors.stream()) else 0
            async with asyncio.TaskGroup() as group:
                clients = [group.create_task(visitors.visit()) for _ in range(CLIENTS)]
                for name in ("gateway-1", "gateway-2"):
                    assert await stack.stop(name) == 0
                    await stack.start_gateway(name, until="/readyz")
                    await asyncio.sleep(SETTLED_S)
                for client in clients:
                    client.cancel()
    assert visitors.answered > CLIENTS
    assert visitors.broken == []
    assert "Traceback" not in stack.log("gateway-1") + stack.log("gateway-2")
