"""Clients that pay, one request after the other, while a proof breaks what their gateway needs; and SDKs that retry."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient
from tests.clients.clients import OPENAI_PYTHON
from tests.clients.environments import prepare
from tests.integration.charging.lab import PAYER, chat, sent_bytes
from tests.integration.charging.test_kills import Told

SDK = Path(__file__).with_name("sdk_child.py")
LINE_BYTES_MAX = 1 << 20
ASKED = [{"role": "user", "content": "[[answer tokens=6 delay_s=0.05]] hello"}]
PAUSE_S = 0.05  # of a client that was refused: it would come back later, and here others wait for its turn
JSON = Any  # Any: the wire


class Paying:
    """Clients of one gateway over raw sockets, and what became of their requests."""

    def __init__(self, gateway: GatewayProcess, seed: int) -> None:
        self._gateway = gateway
        self._chance = random.Random(seed)
        self._over = False
        self.told = Told()
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []

    @contextlib.asynccontextmanager
    async def asking(self, clients: int) -> AsyncIterator[None]:
        """So many of them beside the block; those that wait for an answer then get it."""
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(self._client())
            try:
                yield
            finally:
                self._over = True

    async def _client(self) -> None:
        while not self._over:
            async with await RawClient.connect(self._gateway.url) as client:
                await self._ask(client)

    async def _ask(self, client: RawClient) -> None:
        name = self.told.name()
        body = chat(stream=self._chance.random() < 0.5, messages=ASKED)
        await client.send(sent_bytes(body, request_id=name))
        answer = await client.response(timeout_s=30.0)
        if answer.status == 503 and "retry-after" in answer.headers:
            self.counts["refused"] += 1
            await asyncio.sleep(PAUSE_S)
            return
        self.told.note(name, answer)
        if name in self.told.costs:
            self.counts["good"] += 1
        else:
            self.wrong.append(f"{answer.status} {answer.ending} {answer.body[-300:]!r}")


async def sdk(url: str, key: str, bodies: Sequence[JSON], *, clients: int, retries: int) -> list[JSON]:
    """What the openai SDK tells of these requests, so many clients at once, each retrying as it does by itself."""
    environment = await asyncio.to_thread(prepare, OPENAI_PYTHON)
    words = (str(environment / "bin" / "python"), str(SDK), f"{url}/v1", key, str(clients), str(retries))
    process = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES_MAX
    )
    given = b"".join(json.dumps({"number": n, "body": body}).encode() + b"\n" for n, body in enumerate(bodies))
    try:
        out, _ = await process.communicate(given)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return [json.loads(line)["answer"] for line in out.splitlines()]


def failed(answers: Sequence[JSON]) -> list[str]:
    """What the SDK raised, of requests that came to nothing."""
    return [f"{one['status']} {one['error']}" for one in answers if one["error"] or not one["done"]]


def sdk_bodies(count: int) -> list[JSON]:
    """So many requests as the SDK takes them."""
    return [chat(stream=True, messages=ASKED) for _ in range(count)]


__all__ = ["PAYER", "Paying", "failed", "sdk", "sdk_bodies"]
