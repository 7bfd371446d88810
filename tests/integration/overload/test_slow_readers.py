"""Clients that ask for more than they read: the engine waits for them, for a while, and the gateway keeps little."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from antiphon.testing.record import Exchange

from .lab import FLOOD, QUIET, Lab, chat_bytes

READERS = 4
ENDLESS = 100_000  # more than all buffers on the way hold, and as many as the engine ever says
AWAY_S = 1.0  # longer than an engine may be silent, shorter than a client may not read
KEPT_BYTES_MAX = 256 * 1024  # of each stream
SLACK_BYTES = 4 * 1024 * 1024  # what streams take besides
READ_BYTES = 1 << 20


@contextlib.asynccontextmanager
async def reader(lab: Lab, who: str, tokens: int) -> AsyncIterator[socket.socket]:
    """A client with next to no room for what it does not read, which has asked for a stream."""
    parts = urlsplit(lab.gateway.url)
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await loop.sock_connect(client, (parts.hostname, parts.port))
        await loop.sock_sendall(client, chat_bytes(who, tokens=tokens, token_s=0.0))
        yield client


async def held_back(exchange: Exchange) -> int:
    """The tokens that the engine has sent once it sends no more."""
    async with asyncio.timeout(10):
        before = -1
        while exchange.tokens == 0 or exchange.tokens != before:
            before = exchange.tokens
            await asyncio.sleep(0.2)
    return before


@pytest.mark.asyncio(loop_scope="package")
async def test_slow_readers(lab: Lab) -> None:
    """They hold the engine back, take little memory, hinder nobody and are cut, also one that reads single bytes."""
    async with contextlib.AsyncExitStack() as stack:
        assert (await lab.ask(QUIET[0], token_s=0.0)).good
        earlier = len(lab.engine.requests)
        before = lab.gateway.memory_bytes()["VmRSS"]
        clients = [await stack.enter_async_context(reader(lab, FLOOD, ENDLESS)) for _ in range(READERS)]
        await lab.engine.request(earlier + READERS - 1)
        dripped = asyncio.create_task(drip(clients[0]))
        stuck = lab.engine.requests[earlier:]
        assert (await lab.ask(QUIET[0], tokens=2, token_s=0.0)).good
        await asyncio.gather(*map(held_back, stuck))
        grown = lab.gateway.memory_bytes()["VmRSS"] - before
        print("kilobytes kept of each stream", grown // READERS // 1024)
        assert grown < READERS * KEPT_BYTES_MAX + SLACK_BYTES
        for exchange in stuck:
            await lab.engine.disconnected(exchange, timeout_s=10)
        dripped.cancel()  # what has reached it, it may read for ever


async def drip(client: socket.socket) -> None:
    """Read a byte now and then, until the connection is over."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(ConnectionError):
        while await loop.sock_recv(client, 1):  # noqa: ASYNC110 - its pace is its fault
            await asyncio.sleep(0.1)


@pytest.mark.asyncio(loop_scope="package")
async def test_a_reader_that_was_away_gets_everything(lab: Lab) -> None:
    """An engine that had to wait for a client has not fallen silent, however long that was."""
    async with reader(lab, QUIET[0], 6_000) as client:
        await asyncio.sleep(AWAY_S)
        loop = asyncio.get_running_loop()
        got = b""
        async with asyncio.timeout(30):
            while not got.endswith(b"0\r\n\r\n") and (piece := await loop.sock_recv(client, READ_BYTES)):
                got = got[-4096:] + piece
        assert b"error" not in got
        assert got.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
