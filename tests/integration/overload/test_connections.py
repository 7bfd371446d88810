"""Clients that hold connections: idle ones, ones that drip, and more of them than the gateway may have files."""

from __future__ import annotations

import asyncio
import resource
import statistics
import time
from pathlib import Path

import pytest
from msgspec import Struct

from antiphon.testing.raw_client import RawClient, request_bytes
from tests.fixtures.machine import Stopwatch

from .lab import FLOOD, Lab, chat_bytes, p99, report, running

PROBE = request_bytes("/livez", method="GET")
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n"
BODY = chat_bytes(FLOOD).partition(b"\r\n\r\n")
CHUNKED = BODY[0].replace(b"content-length: ", b"x-length: ") + b"\r\ntransfer-encoding: chunked\r\n\r\n"
DRIPS = (HEAD, BODY[0] + b"\r\n\r\n", CHUNKED)  # what comes before the bytes that come one by one
DRIP_S = 1.0
GOOD_P99_S_MAX = 0.25
MEMORY_MAX = 150 * 1024 * 1024
FILES_WANTED = 14_000
FILES_LEFT = 16
GATHERED = 200  # connections that are opened at once


class Held(Struct):
    """What a crowd of clients saw."""

    dripping_s: list[float] = []
    good_s: list[float] = []
    good_fair_s: list[float] = []  # the same, without what the machine gave to other work


async def opened(lab: Lab, count: int, said: bytes) -> list[RawClient]:
    """So many connections, each having said that and read the answer to it, if it is to have one."""

    async def one() -> RawClient:
        client = await RawClient.connect(lab.gateway.url)
        await client.send(said)
        if said:
            assert (await client.response(timeout_s=30)).status == 200
        return client

    clients: list[RawClient] = []
    for start in range(0, count, GATHERED):
        clients += await asyncio.gather(*(one() for _ in range(min(GATHERED, count - start))))
    return clients


async def dripping(lab: Lab, number: int) -> float:
    """How long a client may send a byte a second until it is closed."""
    client = await RawClient.connect(lab.gateway.url)
    begun_at = time.monotonic()
    await client.send(DRIPS[number % len(DRIPS)])
    ended = asyncio.ensure_future(client.closed(timeout_s=60))
    while not ended.done():
        await asyncio.wait([ended], timeout=DRIP_S)
        await client.send(b"1\r\n \r\n" if number % len(DRIPS) == 2 else b"x")
    client.close()
    return time.monotonic() - begun_at


async def crowd(lab: Lab, idle: int, drips: int, asked: int) -> Held:
    """What good requests take beside so many idle and dripping connections."""
    held = Held()
    clients = await opened(lab, idle, PROBE)
    tasks = [asyncio.create_task(dripping(lab, number)) for number in range(drips)]
    for _ in range(asked):
        watch = Stopwatch(lab.gateway.pid)
        answer = await lab.ask(FLOOD, stream=False, tokens=1, token_s=0.0)
        assert answer.good
        held.good_s.append(answer.whole_s)
        held.good_fair_s.append(answer.whole_s - watch.withheld_s)
        await asyncio.sleep(0.01)
    held.dripping_s = await asyncio.gather(*tasks)
    for client in clients:
        await client.send(PROBE)
    answers = [await client.response() for client in clients]
    assert {answer.status for answer in answers} == {200}
    for client in clients:
        client.close()
    return held


@pytest.mark.asyncio(loop_scope="package")
async def test_a_crowd_that_holds_connections(lab: Lab) -> None:
    """Who drips is closed in time, who is idle keeps its connection, and good requests hardly notice."""
    watch = Stopwatch(lab.gateway.pid)
    held = await crowd(lab, idle=200, drips=60, asked=20)
    assert max(held.dripping_s) - watch.withheld_s < 1.0 + DRIP_S + 2.0
    assert statistics.median(held.good_fair_s) < GOOD_P99_S_MAX


@pytest.mark.asyncio(loop_scope="package")
async def test_a_gateway_without_files_left(lab: Lab) -> None:
    """It closes whom it cannot serve, at rest, goes on serving the others, and is itself again once there are files."""
    assert (await lab.ask(FLOOD, token_s=0.0)).good
    (kept,) = await opened(lab, 1, PROBE)
    _, hard = resource.prlimit(lab.gateway.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(lab.gateway.pid, resource.RLIMIT_NOFILE, (lab.files_open() + FILES_LEFT, hard))
    crowd = [await RawClient.connect(lab.gateway.url) for _ in range(4 * FILES_LEFT)]
    ended = await asyncio.gather(*(client.closed(timeout_s=0.5) for client in crowd), return_exceptions=True)
    assert 2 * FILES_LEFT < sum(one in ("closed", "reset") for one in ended) < len(crowd)
    computed_s, begun_at = lab.processor_s(), time.monotonic()
    for _ in range(10):
        await kept.send(PROBE)
        assert (await kept.response()).status == 200
        await asyncio.sleep(0.05)
    assert lab.processor_s() - computed_s < (time.monotonic() - begun_at) / 2
    for client in (kept, *crowd):
        client.close()
    resource.prlimit(lab.gateway.pid, resource.RLIMIT_NOFILE, (hard, hard))
    assert (await lab.ask(FLOOD, token_s=0.0)).good


@pytest.fixture
def files() -> None:
    """Room for a crowd in this process."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < FILES_WANTED:
        pytest.skip(f"needs a limit of {FILES_WANTED} open files, and there are {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@pytest.mark.slow
async def test_ten_thousand_idle_connections(tmp_path: Path, files: None) -> None:
    """And two thousand that drip: these are gone after 12 s, and the gateway stays small and quick."""
    async with running(tmp_path, patience_s=10.0) as lab:
        assert (await lab.ask(FLOOD)).good
        before = lab.gateway.memory_bytes()["VmRSS"]
        lab.gateway.forget_peak()
        held = await crowd(lab, idle=10_000, drips=2_000, asked=500)
        grown = lab.gateway.memory_bytes()["VmHWM"] - before
        figures = {
            "drippers_gone_s": round(max(held.dripping_s), 1),
            "good_p99_s": p99(held.good_s),
            "memory_mb": round(grown / 1e6),
        }
        limits = {"drippers_gone_s": 12.0, "good_p99_s": GOOD_P99_S_MAX, "memory_mb": round(MEMORY_MAX / 1e6)}
        report("G10", figures, limits, {"idle": 10_000, "dripping": 2_000})
        assert figures["drippers_gone_s"] <= 12.0
        assert grown <= MEMORY_MAX
        assert figures["good_p99_s"] <= GOOD_P99_S_MAX
        await lab.rest()
