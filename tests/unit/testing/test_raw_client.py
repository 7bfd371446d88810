"""Tests of the client that sends and shows raw bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from antiphon.testing.raw_client import RawClient, RawResponse, events_of, request_bytes

Respond = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def answered(raw: bytes) -> RawResponse:
    """What the client makes of an answer of these bytes, the connection closed after them."""

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with await RawClient.connect(f"http://127.0.0.1:{port}") as client:
            await client.send(request_bytes("/"))
            return await client.response(timeout_s=5)


@pytest.mark.parametrize(
    ("raw", "ending", "body"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "whole", b"ok"),
        (b"HTTP/1.1 103 Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "whole", b"ok"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", "whole", b"until the end"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", "closed", b"ok"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n", "closed", b"ok"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "whole", b"ok"),
        (b"no http\r\n\r\n", "malformed", b""),
        (b"", "closed", b""),
    ],
)
async def test_endings_are_told_apart(raw: bytes, ending: str, body: bytes) -> None:
    """A whole answer, a cut one and nonsense are three different things."""
    response = await answered(raw)
    assert (response.ending, response.body) == (ending, body)


def test_request_bytes_frame_the_body() -> None:
    """A body is written as JSON with its length, bytes as they are, and headers can be replaced."""
    raw = request_bytes("/x", {"a": 1}, headers={"host": "h"})
    assert raw.startswith(b"POST /x HTTP/1.1\r\nhost: h\r\n")
    assert raw.endswith(b'content-length: 7\r\n\r\n{"a":1}')
    assert request_bytes("/x", b"{", method="PUT").endswith(b"content-length: 1\r\n\r\n{")


def test_events_leave_comments_out() -> None:
    """Only data counts; lines of one event are joined."""
    stream = b": ping\n\ndata: a\n\nevent: x\r\ndata:b\r\ndata: c\r\n\r\ndata: [DONE]\n\n"
    assert events_of(stream) == ["a", "b\nc", "[DONE]"]
