"""One account floods a gateway whose engine does two things at once: others hardly notice, in order of service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import Struct

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes

SLOTS = 2
QUEUE_MAX = 40
FLOOD = SLOTS + QUEUE_MAX
KEYS = {name: f"sk-{name}-97516c354b68848cdbd8f54a226a0a55b21ed1" for name in ("flood", "quiet", "calm")}
SETTINGS = """
[limits]
queue_max = {queue_max}
[timeouts]
heartbeat_s = 0.25
[[upstreams]]
url = "{engine}"
kind = "vllm"
slots = {slots}
models = [{{ name = "m", upstream_name = "fault-model" }}]
"""


class Lab(Struct, frozen=True):
    """The gateway, its engine, and what is sent to it."""

    gateway: GatewayProcess
    engine: FaultEngine

    async def send(self, stack: AsyncExitStack, who: str, *, stream: bool = True, delay_s: float = 0.02) -> RawClient:
        """A request for four tokens, on its way."""
        client = await stack.enter_async_context(await RawClient.connect(self.gateway.url))
        text = f"[[answer tokens=4 delay_s={delay_s}]] I am {who}."
        body = {"model": "m", "messages": [{"role": "user", "content": text}], "max_tokens": 4, "stream": stream}
        headers = {"authorization": f"Bearer {KEYS[who]}", "accept": "application/json"}
        await client.send(request_bytes("/v1/chat/completions", body, headers=headers))
        return client

    async def flood(self, stack: AsyncExitStack, *, stream: bool) -> list[RawClient]:
        """As many requests of one account as are taken on; all of them are there when this returns."""
        clients = [await self.send(stack, "flood", stream=stream) for _ in range(FLOOD)]
        async with asyncio.timeout(10):
            while await self._in_flight() < FLOOD:
                await self.engine.request(len(self.engine.requests))
        return clients

    async def _in_flight(self) -> int:
        """How many requests the gateway has beside the one that asks this."""
        lines = (await self.gateway.ask("/metrics")).body.decode().splitlines()
        return (
            next(int(float(line.split()[1])) for line in lines if line.startswith("antiphon_requests_in_flight ")) - 1
        )

    @property
    def order(self) -> list[str]:
        """Who was served, in the order in which the engine was asked."""
        texts = [
            str(each.body["messages"][0]["content"])
            for each in self.engine.requests
            if each.path.endswith("chat/completions")
        ]
        return [text.rpartition(" ")[2].rstrip(".") for text in texts if "I am" in text]


@pytest_asyncio.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """Both, up."""
    keys = "".join(f'[[keys]]\nname = "{name}"\nkey = "{key}"\n' for name, key in KEYS.items())
    async with FaultEngine() as engine:
        told = SETTINGS.format(engine=engine.url, slots=SLOTS, queue_max=QUEUE_MAX) + keys
        async with GatewayProcess(told, tmp_path) as gateway:
            yield Lab(gateway, engine)
            assert "Traceback" not in gateway.log, gateway.log


@pytest.mark.parametrize("stream", [True, False])
async def test_a_flood_does_not_delay_others(lab: Lab, *, stream: bool) -> None:
    """A request of another account is among the next that the engine is asked, whatever stood there before."""
    async with AsyncExitStack() as stack:
        await lab.flood(stack, stream=stream)
        before = len(lab.order)
        others = [await lab.send(stack, who, stream=stream, delay_s=0) for who in ("quiet", "calm")]
        answers: list[RawResponse] = [await client.response(timeout_s=20.0) for client in others]
        assert [(answer.status, answer.ending) for answer in answers] == [(200, "whole")] * 2
        order = lab.order
        for who in ("quiet", "calm"):
            assert order.index(who) - before <= SLOTS + 1
    await lab.engine.idle()
    assert (await lab.gateway.ask("/v1/models", key=KEYS["quiet"])).status == 200


async def test_a_full_queue_sheds_the_flood(lab: Lab) -> None:
    """Who floods is refused, and told when to come again; a newcomer takes the place of one of its requests."""
    async with AsyncExitStack() as stack:
        clients = await lab.flood(stack, stream=True)
        refused = await (await lab.send(stack, "flood")).response()
        assert (refused.status, b"are busy" in refused.body) == (503, True)
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        quiet = await (await lab.send(stack, "quiet", delay_s=0)).response(timeout_s=20.0)
        assert quiet.status == 200
        answers = await asyncio.gather(*(client.response(timeout_s=30.0) for client in clients))
        assert sorted(answer.status for answer in answers) == [200] * (FLOOD - 1) + [503]
        assert lab.order.count("flood") == FLOOD - 1
