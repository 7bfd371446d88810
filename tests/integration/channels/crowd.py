"""Writers and followers of one channel over several gateways, of which some may die."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import cycle

import msgspec
from msgspec import Struct

from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, events_of, request_bytes

LAST = "that is all"
PATIENCE_S = 120.0
PAUSE_S = 0.05  # before somebody asks another gateway
KEY = "sk-writer-97516c354b68848cdbd8f54a226a0a55b21ed1"
SETTINGS = """
[database]
url = "{database}"
[channels]
posts_per_minute = 0
[[keys]]
name = "writer"
key = "{key}"
[[upstreams]]
url = "{engine}"
kind = "vllm"
models = [{{ name = "m", upstream_name = "fault-model" }}]
"""


class Seen(Struct, frozen=True):
    """A message as somebody saw it."""

    id: str
    content: str


_seen = msgspec.json.Decoder(Seen)


class Crowd:
    """All that write and follow. `acknowledged` is what writers were told is kept, in the order in which they heard."""

    def __init__(self, gateways: Sequence[GatewayProcess], channel: str = "general") -> None:
        self._gateways = gateways
        self._channel = channel
        self.acknowledged: list[Seen] = []
        self.elsewhere = 0  # posts that were sent to a second gateway
        self.replayed = 0  # posts that had been kept before their writers heard of it
        self._told = asyncio.Event()

    async def wait_for(self, count: int) -> None:
        """Return when so many posts are acknowledged."""
        while len(self.acknowledged) < count:
            self._told.clear()
            await self._told.wait()

    async def write(self, name: int, count: int) -> None:
        """Post so many messages one after the other, each until it is acknowledged."""
        for number in range(count):
            await self.post(f"writer {name} says {number}", first=name + number)

    async def post(self, content: str, first: int = 0) -> None:
        """Post a message at one gateway after the other, until one of them acknowledges it."""
        body = {"channel": self._channel, "content": content}
        headers = {"authorization": f"Bearer {KEY}", "idempotency-key": content}
        data = request_bytes("/v1/channel", body, headers=headers)
        for attempt, gateway in enumerate(self._round(first)):
            answer = await _ask(gateway, data)
            if answer is not None and answer.status == 200 and answer.ending == "whole":
                self.elsewhere += attempt > 0
                self.replayed += "idempotent-replayed" in answer.headers
                self.acknowledged.append(_seen.decode(answer.body))
                self._told.set()
                return
            await asyncio.sleep(PAUSE_S)

    async def follow(self, name: int) -> list[Seen]:
        """All that a follower saw up to the last message; a stream that breaks off is gone on with elsewhere."""
        seen: list[Seen] = []
        for gateway in self._round(name):
            seen += await self._followed(gateway, seen[-1].id if seen else "")
            if seen and seen[-1].content == LAST:
                return seen
            await asyncio.sleep(PAUSE_S)
        raise AssertionError("a round has no end")

    async def _followed(self, gateway: GatewayProcess, last_id: str) -> list[Seen]:
        """What one stream showed before it ended."""
        begin = "after=2020-01-01T00:00:00Z"
        headers = {"authorization": f"Bearer {KEY}"} | ({"last-event-id": last_id} if last_id else {})
        path = f"/v1/channel?channel={self._channel}&follow=true&{begin}"
        try:
            async with await RawClient.connect(gateway.url) as client:
                await client.send(request_bytes(path, method="GET", headers=headers))
                body = await client.until(LAST.encode() + b'","createdAt', timeout_s=PATIENCE_S)
        except ConnectionError:
            return []
        whole = body[: body.rfind(b"}\n\n") + 3] if b"}\n\n" in body else b""
        return [_seen.decode(event.encode()) for event in events_of(whole)]

    def _round(self, first: int) -> cycle[GatewayProcess]:
        begin = first % len(self._gateways)
        return cycle([*self._gateways[begin:], *self._gateways[:begin]])


async def _ask(gateway: GatewayProcess, data: bytes) -> RawResponse | None:
    """The answer, None where nobody answers."""
    try:
        async with await RawClient.connect(gateway.url) as client:
            await client.send(data)
            return await client.response(timeout_s=PATIENCE_S)
    except ConnectionError:
        return None
