"""From an answer to a client."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.errors import AntiphonError, EngineFailed
from antiphon.idempotency.answer import Answer, Room
from antiphon.idempotency.relay import relay
from tests.unit.idempotency.asking import request, unchunked


def made() -> Answer:
    """An answer that has not begun."""
    return Answer(bytes_max=1 << 20, room=Room(1 << 20))


async def test_a_whole_answer_is_sent_at_once() -> None:
    """With its length; whoever did not ask for it first is told so."""
    answer = made()
    answer.begin(200, ((b"content-type", b"application/json"),))
    answer.end(b"{}")
    for replayed in (False, True):
        exchange, wire = request()
        await relay(exchange, answer, replayed=replayed)
        assert (wire.status, wire.headers["content-length"], wire.body) == (200, "2", b"{}")
        assert ("idempotent-replayed" in wire.headers) == replayed
    answer.replayed = True
    exchange, wire = request()
    await relay(exchange, answer)
    assert wire.headers["idempotent-replayed"] == "true"


async def test_an_answer_is_followed() -> None:
    """From its beginning to its end."""
    answer = made()
    (one, wire), (two, other) = request(), request()
    first = asyncio.create_task(relay(one, answer))
    await asyncio.sleep(0)
    answer.begin(200, ())
    answer.add(b"one ")
    await asyncio.sleep(0)
    second = asyncio.create_task(relay(two, answer, replayed=True))
    for piece in (b"two ", b"three "):
        answer.add(piece)
        await asyncio.sleep(0)
    answer.end(b"end")
    await asyncio.gather(first, second)
    assert unchunked(wire) == unchunked(other) == b"one two three end"
    assert (wire.ends, other.ends) == (1, 1)


async def test_a_failure_before_the_beginning_is_raised() -> None:
    """For each who waits, and it can be anything."""
    answer = made()
    answer.end(failure=EngineFailed())
    for _ in range(2):
        with pytest.raises(EngineFailed):
            await relay(request()[0], answer)
    nothing = made()
    nothing.end()
    with pytest.raises(AntiphonError):
        await relay(request()[0], nothing)


async def test_a_failure_after_the_beginning_cuts_the_body() -> None:
    """What came before it is sent."""
    answer = made()
    answer.begin(200, ())
    answer.add(b"half")
    answer.end(failure=EngineFailed())
    exchange, wire = request()
    await relay(exchange, answer)
    assert (wire.ends, exchange.keep_alive) == (1, False)
    assert wire.sent.endswith(b"4\r\nhalf\r\n")


async def test_a_slow_client_is_waited_for() -> None:
    """It gets everything in the end."""
    answer = made()
    answer.begin(200, ())
    exchange, wire = request()
    wire.congested = True
    task = asyncio.create_task(relay(exchange, answer))
    answer.add(b"x")
    await asyncio.sleep(0)
    answer.end(b"y")
    await task
    assert unchunked(wire) == b"xy"
