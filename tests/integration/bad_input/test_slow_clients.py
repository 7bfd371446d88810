"""Clients that send slowly, or never: closed within the receive deadline, while others are served."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.testing.raw_client import RawClient, request_bytes

from .case import AUTHORISED, CHAT, good
from .lab import BODY_TIMEOUT_S, HEADER_TIMEOUT_S, Lab

pytestmark = pytest.mark.asyncio(loop_scope="package")
SLACK_S = 1.0
PATIENCE_S = 15.0  # before a connection that nobody closes is given up
DRIP_S = 0.05
DRIPPERS = 200
WHOLE = request_bytes(CHAT, good(), headers=AUTHORISED)
HEAD_END = WHOLE.index(b"\r\n\r\n") + 4


async def dripped(lab: Lab, first: bytes, rest: bytes, *, limit_s: float) -> int:
    """Send `first` at once and `rest` byte by byte; the connection ends in its time, with the status that is told."""
    watch = lab.stopwatch()
    async with await RawClient.connect(lab.gateway.url) as client:
        await client.send(first)
        ended = asyncio.create_task(client.closed(timeout_s=PATIENCE_S))
        for index in range(round((limit_s + SLACK_S) / DRIP_S)):
            await client.send(rest[index : index + 1])
            await asyncio.wait([ended], timeout=DRIP_S)
            if ended.done():
                break
        await ended
        assert watch.real_s >= limit_s * 0.9
        assert watch.fair_s < limit_s + SLACK_S
        response = await client.response()
    return response.status


@pytest.mark.parametrize(
    ("first", "rest", "limit_s"),
    [
        (b"", b"", HEADER_TIMEOUT_S),
        (b"POST /v1/chat/completions HTTP/1.1\r\n", b"x-a: b\r\n" * 100, HEADER_TIMEOUT_S),
        (b"", WHOLE, HEADER_TIMEOUT_S),
        (WHOLE[:HEAD_END], WHOLE[HEAD_END:], BODY_TIMEOUT_S),
        (WHOLE[:-1], b"", BODY_TIMEOUT_S),
    ],
    ids=["silent", "headers without an end", "all of it byte by byte", "body byte by byte", "last byte missing"],
)
async def test_slow_request_is_closed(lab: Lab, first: bytes, rest: bytes, limit_s: float) -> None:
    """What is not whole within its time is closed, with 408 where there is a request to answer."""
    status = await dripped(lab, first, rest, limit_s=limit_s)
    assert status in ((0, 408) if not first else (408,))


async def test_slow_chunks_are_closed(lab: Lab) -> None:
    """A chunked body that drips is closed too, though no length was ever said."""
    head = WHOLE[:HEAD_END].replace(b"content-length", b"x-length").replace(b"\r\n\r\n", b"\r\n")
    head += b"transfer-encoding: chunked\r\n\r\n"
    assert await dripped(lab, head, b"1\r\n \r\n" * 100, limit_s=BODY_TIMEOUT_S) == 408


async def test_good_requests_are_served_among_drippers(lab: Lab) -> None:
    """Two hundred slow clients cost good ones nothing that they would notice, and are gone in time."""
    drippers = [await RawClient.connect(lab.gateway.url) for _ in range(DRIPPERS)]
    all_of_it = lab.stopwatch()
    ended = asyncio.gather(*(dripper.closed(timeout_s=PATIENCE_S) for dripper in drippers))
    slowest_s = 0.0
    for _ in range(round(HEADER_TIMEOUT_S / DRIP_S / 2)):
        for dripper in drippers:
            await dripper.send(b"P")
        one = lab.stopwatch()
        await lab.assert_serves()
        slowest_s = max(slowest_s, one.fair_s)
        await asyncio.wait([ended], timeout=DRIP_S)
    await ended
    assert all_of_it.fair_s < HEADER_TIMEOUT_S + SLACK_S
    assert slowest_s < 0.5


async def test_request_in_good_time_is_served(lab: Lab) -> None:
    """A request in three pieces within the time is an ordinary request."""
    async with await RawClient.connect(lab.gateway.url) as client:
        answer = asyncio.create_task(client.response())
        for piece in (WHOLE[:40], WHOLE[40:HEAD_END], WHOLE[HEAD_END:]):
            await client.send(piece)
            await asyncio.wait([answer], timeout=DRIP_S)
        assert (await answer).status == 200
