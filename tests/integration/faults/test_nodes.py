"""Several engines: what one of them breaks before its first token, another mends unseen; and memory stays bounded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from antiphon.testing.faults import Fault

from .lab import UP_AGAIN_S, WRITE_TIMEOUT_S, Lab, assert_good, assert_refused, seen

pytestmark = pytest.mark.asyncio(loop_scope="package")
MEGABYTE = 1024 * 1024
BEFORE_THE_FIRST_TOKEN = (
    Fault(name="close", k=-1),
    Fault(name="reset", k=-1),
    Fault(name="close", k=0),
    Fault(name="end_early", k=0),
    Fault(name="garbage", k=0, kind="json"),
    Fault(name="stream_error", k=0),
    Fault(name="status", status=500),
    Fault(name="empty_body"),
    Fault(name="bad_chunking", k=0, kind="size"),
)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", BEFORE_THE_FIRST_TOKEN, ids=lambda fault: f"{fault.name}-{fault.k}-{fault.status}")
async def test_failure_before_the_first_token_is_not_seen(lab: Lab, fault: Fault, stream: bool) -> None:
    """When the engine of a request fails so, its client gets a whole answer from the other one."""
    before = lab.struck
    lab.push(fault)
    assert_good(seen(await lab.ask(stream=stream, model="pair")), model="pair")
    assert lab.struck == before + 1


async def test_a_full_engine_is_not_seen(fresh: Lab) -> None:
    """Its client gets a whole answer from the other one, and so do those after it, plain or streamed."""
    fresh.push(Fault(name="status", status=429, retry_after_s=7))
    for stream in (True, False, True, False):
        assert_good(seen(await fresh.ask(stream=stream, model="pair")), model="pair")
    assert fresh.struck == 1


async def test_engines_that_are_gone_are_not_seen(fresh: Lab) -> None:
    """One of two costs nobody anything; without any the answer is a quick 503, and 200 again soon after one is back."""
    fresh.a.crash()
    for stream in (True, False, True, False):
        assert_good(seen(await fresh.ask(stream=stream, model="pair")), model="pair")
    fresh.b.crash()
    for stream in (True, False):
        watch = fresh.stopwatch()
        response = await fresh.ask(stream=stream, model="pair")
        assert watch.fair_s < 1.0
        assert_refused(seen(response), 503)
        assert 1 <= int(response.headers["retry-after"]) <= 60
    await fresh.a.listen()
    async with asyncio.timeout(UP_AGAIN_S):
        while (answer := seen(await fresh.ask(stream=True, model="pair"))).status != 200:
            assert_refused(answer, 503)
    assert_good(answer, model="pair")
    assert_good(seen(await fresh.ask(stream=False, model="pair")), model="pair")


async def test_flapping_engine_fails_nobody(fresh: Lab) -> None:
    """An engine that comes and goes beside a steady one: every answer is whole."""
    for _ in range(6):
        fresh.a.crash()
        assert_good(seen(await fresh.ask(stream=True, model="pair")), model="pair")
        await fresh.a.listen()
        assert_good(seen(await fresh.ask(stream=False, model="pair")), model="pair")


async def test_poison_prompt_ends_in_an_error(fresh: Lab) -> None:
    """A prompt that kills each engine that it meets is refused at last, and then at once; the gateway lives on."""
    fields: dict[str, Any] = {  # Any: fields of a request body
        "model": "pair",
        "messages": [{"role": "user", "content": "[[fault:exit k=2]]"}],
    }
    response = await fresh.ask(stream=False, **fields)
    assert_refused(seen(response), 502)
    assert response.json()["error"]["code"] == "poison_prompt"
    assert response.headers["x-should-retry"] == "false"
    for engine in (fresh.a, fresh.b):
        assert len(engine.requests) == 1
        await engine.listen()
    assert_refused(seen(await fresh.ask(stream=True, **fields)), 502)
    assert [len(engine.requests) for engine in (fresh.a, fresh.b)] == [1, 1]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "grown_max"),
    [
        (Fault(name="huge_line", k=1, size_bytes=100 * MEGABYTE), 160 * MEGABYTE),
        (Fault(name="header_flood", size_bytes=50 * MEGABYTE), 32 * MEGABYTE),
        (Fault(name="header_flood", size_bytes=50 * MEGABYTE, kind="long"), 32 * MEGABYTE),
    ],
    ids=["line", "headers", "header"],
)
async def test_memory_is_bounded(lab: Lab, fault: Fault, grown_max: int, stream: bool) -> None:
    """100 MB in one line, or 50 MB of headers, end the answer long before they are in memory."""
    lab.gateway.forget_peak()
    before = lab.gateway.memory_bytes()["VmRSS"]
    lab.a.push(fault)
    answer = seen(await lab.ask(stream=stream, timeout_s=30))
    assert answer.error
    assert lab.a.requests[-1].struck
    bound = 32 * MEGABYTE if stream else grown_max
    assert lab.gateway.memory_bytes()["VmHWM"] - before < bound


async def test_slow_reader_holds_the_engine_back(lab: Lab) -> None:
    """A client that does not read stops its engine's tokens; after the write time-out it is cut off."""
    messages = [{"role": "user", "content": "[[answer tokens=100000]]"}]
    lab.gateway.forget_peak()
    before = lab.gateway.memory_bytes()["VmRSS"]
    number = len(lab.a.requests)
    watch = lab.stopwatch()
    async with await lab.sent(stream=True, messages=messages, max_tokens=100_000):
        exchange = await lab.a.request(number)
        await lab.a.disconnected(exchange, timeout_s=20)
    assert watch.real_s >= WRITE_TIMEOUT_S
    assert exchange.tokens < 100_000
    assert lab.gateway.memory_bytes()["VmHWM"] - before < 32 * MEGABYTE


async def test_many_at_once_are_all_whole(lab: Lab) -> None:
    """A hundred streams and plain answers at once over two engines: each has its own text to the letter."""
    answers = await asyncio.gather(*(lab.ask(stream=bool(n % 2), model="pair") for n in range(100)))
    for answer in answers:
        assert_good(seen(answer), model="pair")


async def test_every_third_answer_broken_under_load(lab: Lab) -> None:
    """With an engine breaking every third stream, each client sees a whole answer or a clean error, never both."""
    faults = [Fault(name="close", k=2), Fault(name="cut", k=4), Fault(name="reset", k=1), Fault(name="end_early", k=5)]
    lab.a.push(*(faults[n % 4] if n % 3 == 0 else None for n in range(90)))
    answers = [seen(each) for each in await asyncio.gather(*(lab.ask(stream=True) for _ in range(90)))]
    broken = [answer for answer in answers if answer.error]
    for answer in answers:
        assert answer.text == "" or answer.done != bool(answer.error)
        if not answer.error:
            assert_good(answer)
    assert len(broken) == sum(exchange.struck for exchange in lab.a.requests[-90:]) == 30
