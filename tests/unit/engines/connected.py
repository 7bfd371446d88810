"""An engine behind HTTP that asks a fault engine in the same process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from antiphon.chat import Delta, Message, Sampling
from antiphon.engines import DeltaStream, Job
from antiphon.engines.kinds import kind
from antiphon.engines.upstream import HttpEngine
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.plan import Habits


def job(text: str = "Hi [[answer tokens=4]]", **sampling: int | bool | tuple[str, ...]) -> Job:
    """A short question to the fault engine."""
    return Job("fault-model", (Message("user", text),), Sampling(max_tokens=50, **sampling))  # type: ignore[arg-type]


@asynccontextmanager
async def connected(
    name: str = "vllm", *, key: str | None = None, given: str | None = None, embeds: bool = False
) -> AsyncIterator[tuple[HttpEngine, FaultEngine]]:
    """An engine of that kind and the server that it asks; `key` is what the server wants, `given` what it gets."""
    async with FaultEngine(Habits(embeds=embeds), api_key=key) as server, asyncio.timeout(20):
        origin = Origin("127.0.0.1", server.port)
        engine = HttpEngine("node", Pool(origin), kind(name), api_key=given)
        try:
            yield engine, server
        finally:
            await engine.close()


async def deltas(stream: DeltaStream) -> list[Delta]:
    """All deltas to the end."""
    got: list[Delta] = []
    while (some := await stream.next(asyncio.get_running_loop().time() + 10)) != []:
        got += some or []
    return got
