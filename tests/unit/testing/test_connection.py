"""Tests of the incoming half of the fault engine's connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from antiphon.testing.connection import Request
from antiphon.testing.listener import Listener
from antiphon.testing.raw_client import RawClient, request_bytes
from antiphon.testing.wire import Wire, head


@asynccontextmanager
async def client_of(answer: Callable[[Request, Wire], Awaitable[None]]) -> AsyncIterator[RawClient]:
    """A client of a listener that answers so."""
    listener = Listener(answer, port=0)
    await listener.listen()
    try:
        async with await RawClient.connect(f"http://127.0.0.1:{listener.port}") as client:
            yield client
    finally:
        listener.crash()


async def echo(request: Request, wire: Wire) -> None:
    """Answer with the target and the body."""
    data = request.target.encode() + request.body
    await wire.send(head(200, {"content-length": str(len(data))}) + data)


async def test_requests_of_one_connection_are_answered_in_order() -> None:
    """Two requests on one connection get two answers, and the connection closes when asked to."""
    async with client_of(echo) as client:
        await client.send(request_bytes("/a", b"1"))
        assert (await client.response()).body == b"/a1"
        await client.send(request_bytes("/b", b"2", headers={"connection": "close"}))
        assert (await client.response()).body == b"/b2"
        assert await client.closed() == "closed"


async def test_what_is_no_http_is_closed() -> None:
    """Bytes that cannot be parsed end the connection."""
    async with client_of(echo) as client:
        await client.send(b"\x00\x01 nonsense\r\n\r\n")
        assert await client.closed() == "closed"


async def test_answer_that_cannot_be_made_closes() -> None:
    """An answerer that gives up does not leave its client hanging."""

    async def give_up(_request: Request, _wire: Wire) -> None:
        raise asyncio.CancelledError

    async with client_of(give_up) as client:
        await client.send(request_bytes("/"))
        assert await client.closed() == "closed"
