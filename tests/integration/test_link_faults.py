"""Streams over NATS while its server is killed again and again, or frozen: every text is exact, to the byte.

The engine is the scriptable one behind HTTP, so that all of the way is real. Slow; `make link-faults` runs it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from antiphon.chat import Message, Sampling
from antiphon.engines import Job
from antiphon.engines.kinds import KINDS
from antiphon.engines.upstream import HttpEngine
from antiphon.errors import AntiphonError
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
from antiphon.link.broker import Broker, BrokerLimits
from antiphon.link.remote import RemoteEngine
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.plan import Habits
from tests.unit.link.lab import broker_in, lab, rest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

STREAMS = int(os.environ.get("ANTIPHON_LINK_STREAMS", "1500"))
READERS = 50
EVERY_S = {signal.SIGKILL: 4.0, signal.SIGSTOP: 8.0}  # a frozen one takes seconds to be found
ATTEMPTS_MAX = 8
TOKENS = 60
JOB = Job("fault-model", (Message("user", "Go on."),), Sampling(max_tokens=TOKENS, temperature=0.0))
QUICK = BrokerLimits(hang_limit_s=2.0, probe_interval_s=0.5, probe_timeout_s=0.5)


class Side:
    """A broker, two nodes that serve with one engine, and the engine itself."""

    def __init__(self, broker: Broker, engine: FaultEngine, local: HttpEngine, nodes: list[RemoteEngine]) -> None:
        self.broker = broker
        self.engine = engine
        self.local = local
        self.nodes = nodes


@pytest_asyncio.fixture
async def side(tmp_path: Path) -> AsyncIterator[Side]:
    """All of it, connected; the engine takes about a second for an answer."""
    async with AsyncExitStack() as stack:
        broker = broker_in(tmp_path, limits=QUICK)
        await broker.start()
        stack.push_async_callback(broker.stop)
        engine = await stack.enter_async_context(FaultEngine(Habits(token_delay_s=0.015)))
        local = HttpEngine("local", Pool(Origin.parse(engine.url.removesuffix("/v1"))), KINDS["vllm"])
        stack.push_async_callback(local.close)
        ends = await stack.enter_async_context(lab(broker.url))
        link = await ends.gateway()
        for name in ("n1", "n2"):
            await ends.node(name, slots=READERS, engine=local, model=JOB.model)
        yield Side(broker, engine, local, [ends.engine(link, name) for name in ("n1", "n2")])


def job(number: int) -> Job:
    """A job whose text nobody else gets."""
    return replace(JOB, messages=(Message("user", f"Job {number}"),))


async def read(side: Side, number: int, elsewhere: list[AntiphonError]) -> str:
    """The text of a job, asked for again where it failed, as soon as the refusal says."""
    for attempt in range(ATTEMPTS_MAX):
        try:
            stream = await side.nodes[(number + attempt) % 2].open(job(number))
            try:
                return await rest(stream, within_s=60)
            finally:
                stream.close()
        except AntiphonError as error:
            elsewhere.append(error)
            await asyncio.sleep(error.retry_after_s or 0)
    raise AssertionError(f"job {number} failed too often: {elsewhere[-ATTEMPTS_MAX:]}")


async def trouble(broker: Broker, sign: signal.Signals, done: asyncio.Event) -> int:
    """Does it to the server every few seconds; how often."""
    count = 0
    while not done.is_set():
        try:
            async with asyncio.timeout(EVERY_S[sign]):
                await done.wait()
        except TimeoutError:
            if broker.ready and broker.pid is not None:
                os.kill(broker.pid, sign)
                count += 1
    return count


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP])
async def test_streams_while_the_broker_is_in_trouble(side: Side, sign: signal.Signals) -> None:
    """None fails, each text is exact, and no attempt is begun twice."""
    numbers = iter(range(STREAMS))
    texts: dict[int, str] = {}
    elsewhere: list[AntiphonError] = []
    done = asyncio.Event()
    troubling = asyncio.create_task(trouble(side.broker, sign, done))

    async def reader() -> None:
        for number in numbers:
            texts[number] = await read(side, number, elsewhere)

    await asyncio.gather(*(reader() for _ in range(READERS)))
    done.set()
    times = await troubling
    await side.engine.idle()
    asked = len(side.engine.requests)
    why = dict(Counter(error.message for error in elsewhere))
    print(f"{STREAMS} streams, {sign.name} {times} times, {asked} jobs begun, attempts anew: {why}")
    assert times >= 3 or sign == signal.SIGSTOP
    assert times
    assert sign == signal.SIGSTOP or not elsewhere  # a killed one is back before anybody is given up
    assert len(texts) == STREAMS
    for number in range(0, STREAMS, 50):
        stream = await side.local.open(job(number))
        assert texts[number] == await rest(stream), number
        stream.close()
    assert asked <= STREAMS + len(elsewhere)
