"""Time: each kind of waiting has a limit of its own, is told apart, and ends the engine's work when it is over."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.testing.faults import Fault
from tests.fixtures.machine import Stopwatch

from .lab import (
    COUNT,
    FIRST_TOKEN_S,
    GONE_S_MAX,
    HEARTBEAT_S,
    INTER_TOKEN_S,
    Lab,
    assert_broken,
    assert_good,
    assert_refused,
    seen,
)

pytestmark = pytest.mark.asyncio(loop_scope="package")
SLACK_S = 1.0
EARLY_S = 0.02  # timers may ring a little before their time
SLOW = "[[answer tokens=10000 delay_s=0.01]]"


def assert_took(watch: Stopwatch, limit_s: float) -> None:
    """The limit was kept: nothing ended before it, and nothing went on after it."""
    assert watch.real_s >= limit_s - EARLY_S
    assert watch.fair_s < limit_s + SLACK_S


def slow_messages() -> list[dict[str, str]]:
    """A prompt that is answered with 10,000 tokens, 100 a second."""
    return [{"role": "user", "content": SLOW}]


@pytest.mark.parametrize("k", [-1, 0])
async def test_first_token_has_its_own_limit(lab: Lab, k: int) -> None:
    """A frozen engine is given up after the first-token time; the stream, already beating, ends with its code."""
    lab.a.push(Fault(name="freeze", k=k))
    watch = lab.stopwatch()
    answer = seen(await lab.ask(stream=True))
    assert_took(watch, FIRST_TOKEN_S)
    assert_broken(answer, tokens_max=0)
    assert answer.error["code"] == "first_token_timeout"
    assert answer.beats >= 2
    await lab.a.disconnected(lab.a.requests[-1])


@pytest.mark.parametrize("stream", [False, True])
async def test_client_may_ask_for_the_first_token_sooner(lab: Lab, stream: bool) -> None:
    """`max_ttft_ms` below the first heartbeat is answered 408, not to be retried."""
    lab.a.push(Fault(name="freeze", k=-1))
    response = await lab.ask(stream=stream, max_ttft_ms=100)
    assert_refused(seen(response), 408)
    assert response.headers["x-should-retry"] == "false"
    await lab.a.disconnected(lab.a.requests[-1])


async def test_silence_between_tokens_has_its_own_limit(lab: Lab) -> None:
    """An engine that falls silent in mid-stream is given up after the inter-token time."""
    lab.a.push(Fault(name="freeze", k=3))
    watch = lab.stopwatch()
    answer = seen(await lab.ask(stream=True))
    assert_took(watch, INTER_TOKEN_S)
    assert_broken(answer, tokens_max=3)
    assert answer.error["code"] == "engine_failed"
    await lab.a.disconnected(lab.a.requests[-1])


@pytest.mark.parametrize("stream", [False, True])
async def test_total_time_has_its_own_limit(lab: Lab, stream: bool) -> None:
    """`timeout_secs` ends an answer that flows all the while, streamed with an error event."""
    watch = lab.stopwatch()
    response = await lab.ask(stream=stream, messages=slow_messages(), max_tokens=10_000, timeout_secs=0.9)
    assert_took(watch, 0.9)
    assert b'"deadline_exceeded"' in response.body
    assert b"[DONE]" not in response.body
    await lab.a.disconnected(lab.a.requests[-1])


@pytest.mark.parametrize("stream", [False, True])
async def test_total_time_before_the_first_heartbeat_is_a_status(lab: Lab, stream: bool) -> None:
    """Where nothing has been written yet, the end of the time is 504."""
    lab.a.push(Fault(name="freeze", k=-1))
    response = await lab.ask(stream=stream, timeout_secs=0.1)
    assert_refused(seen(response), 504)
    assert response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("k", [0, 3])
async def test_comments_are_no_tokens(lab: Lab, k: int) -> None:
    """An engine that sends nothing but comments is as silent as one that sends nothing."""
    lab.a.push(Fault(name="chatter", k=k, delay_s=0.01))
    limit_s = INTER_TOKEN_S if k else FIRST_TOKEN_S
    watch = lab.stopwatch()
    answer = seen(await lab.ask(stream=True))
    assert_took(watch, limit_s)
    assert_broken(answer, tokens_max=k)
    await lab.a.disconnected(lab.a.requests[-1])


async def test_blank_lines_are_no_answer(lab: Lab) -> None:
    """A plain body of blank lines without an end is ended by the request's time."""
    lab.a.push(Fault(name="chatter", delay_s=0.01))
    answer = seen(await lab.ask(stream=False, timeout_secs=0.8))
    assert answer.error["code"] == "deadline_exceeded"
    await lab.a.disconnected(lab.a.requests[-1])


async def test_slow_tokens_within_the_limits_are_not_cut(lab: Lab) -> None:
    """Tokens that each come in time make a whole answer, though together they exceed the first-token time."""
    lab.a.push(Fault(name="slow", delay_s=0.5))
    assert_good(seen(await lab.ask(stream=True)))


async def test_stream_beats_while_it_waits(lab: Lab) -> None:
    """Comments come before the first token and between tokens, so that proxies do not cut."""
    for k in (0, 3):
        lab.a.push(Fault(name="freeze", k=k, delay_s=2 * HEARTBEAT_S + 0.05))
        answer = seen(await lab.ask(stream=True))
        assert_good(answer)
        assert answer.beats >= 1


async def test_plain_answer_beats_while_it_waits(lab: Lab) -> None:
    """Blank lines come before a slow JSON body; an error after them is a JSON error object."""
    lab.a.push(Fault(name="freeze", k=-1, delay_s=3 * HEARTBEAT_S))
    good = seen(await lab.ask(stream=False))
    lab.a.always(Fault(name="close", delay_s=3 * HEARTBEAT_S))
    bad = seen(await lab.ask(stream=False))
    assert_good(good)
    assert min(good.beats, bad.beats) >= 2
    assert bad.error["code"] == "engine_failed"


async def test_woken_engine_adds_nothing(lab: Lab) -> None:
    """An engine that wakes after it was given up is not heard any more, on this stream or the next."""
    lab.a.push(Fault(name="freeze", k=3, delay_s=INTER_TOKEN_S + 0.4), None)
    assert_broken(seen(await lab.ask(stream=True)), tokens_max=3)
    assert_good(seen(await lab.ask(stream=True)))
    assert lab.a.requests[-2].tokens == 3


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("when", ["frozen", "talking"])
async def test_engine_stops_when_the_client_goes(lab: Lab, when: str, how: str, stream: bool) -> None:
    """The engine sees its connection end within 500 ms of the client's going, before and during the answer."""
    if when == "frozen":
        lab.a.push(Fault(name="freeze", k=-1))
    number = len(lab.a.requests)
    client = await lab.sent(stream=stream, messages=slow_messages(), max_tokens=10_000)
    exchange = await lab.a.request(number)
    if when == "talking":
        await lab.a.record.wait_for(lambda: exchange.tokens > 0, timeout_s=5)
        if stream:
            await client.until(b"content")
    watch = lab.stopwatch()
    (client.close if how == "close" else client.reset)()
    gone_s = await lab.a.disconnected(exchange)
    assert gone_s - watch.started_s - watch.withheld_s <= GONE_S_MAX
    assert exchange.tokens < 1000


async def test_many_clients_that_go_leave_nothing_running(lab: Lab) -> None:
    """Two hundred clients that leave at once: no request stays in flight, each engine stop is in time."""
    first = len(lab.a.requests)
    clients = [
        await lab.sent(stream=bool(number % 2), messages=slow_messages(), max_tokens=10_000) for number in range(200)
    ]
    await lab.a.record.wait_for(lambda: len(lab.a.requests) == first + len(clients), timeout_s=20)
    watch = lab.stopwatch()
    for client in clients:
        client.close()
    await lab.a.idle(timeout_s=20)
    waits_s = sorted(
        exchange.disconnected_s - watch.started_s for exchange in lab.a.requests[first:] if exchange.disconnected_s
    )
    assert len(waits_s) == len(clients)
    assert waits_s[int(0.99 * len(waits_s))] - watch.withheld_s <= GONE_S_MAX


@pytest.mark.parametrize("k", [-1, 0])
async def test_plain_request_that_freezes_is_bounded_by_its_time(lab: Lab, k: int) -> None:
    """Without a stream the whole request is what is timed."""
    lab.a.push(Fault(name="freeze", k=k))
    answer = seen(await lab.ask(stream=False, timeout_secs=0.7))
    assert answer.error["code"] == "deadline_exceeded"
    await lab.a.disconnected(lab.a.requests[-1])


async def test_connections_are_kept(lab: Lab) -> None:
    """One after the other, requests share a connection to the engine."""
    before = lab.a.connections_accepted
    for _ in range(5):
        assert_good(seen(await lab.ask(stream=True)))
        assert_good(seen(await lab.ask(stream=False)))
    assert lab.a.connections_accepted - before <= 1
    await asyncio.gather(*(lab.ask(stream=True) for _ in range(COUNT)))
