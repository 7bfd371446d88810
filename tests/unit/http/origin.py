"""A server whose every byte a test decides: what an HTTP client has to get along with."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

Script = Callable[["Visit"], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Visit:
    """One connection to the origin; `number` counts them from 1."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self.reader = reader
        self.writer = writer

    async def request(self) -> bytes:
        """The next whole request, b"" when the client has closed."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        length = re.search(rb"content-length: (\d+)", head)
        return head + await self.reader.readexactly(int(length.group(1)) if length else 0)

    async def say(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def until_closed(self) -> None:
        """Wait until the client has closed or reset the connection."""
        with contextlib.suppress(ConnectionError):
            await self.reader.read()


class Origin:
    """The server, and what it has seen so far."""

    def __init__(self, script: Script) -> None:
        self.url = ""
        self.visits = 0
        self.requests: list[bytes] = []
        self.ended = asyncio.Event()  # a script has come to its end
        self._script = script
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play the script for one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.visits += 1
        try:
            await self._script(Visit(self.visits, reader, writer))
        except asyncio.CancelledError:
            return  # the test is over
        finally:
            self.ended.set()
            writer.close()
            self._tasks.discard(task)

    def end(self) -> None:
        """Stop what is still playing."""
        for task in self._tasks:
            task.cancel()


@contextlib.asynccontextmanager
async def running(
    script: Script, *, tls: ssl.SSLContext | None = None, path: Path | None = None
) -> AsyncIterator[Origin]:
    """An origin on a free port of the loopback, or on a unix socket."""
    origin = Origin(script)
    if path is not None:
        server = await asyncio.start_unix_server(origin.serve, path)
        origin.url = f"unix:{path}"
    else:
        server = await asyncio.start_server(origin.serve, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        origin.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield origin
    finally:
        server.close()
        origin.end()


def each_time(*answers: bytes) -> Script:
    """Answer the requests of each connection with these bytes in turn, then close."""

    async def script(visit: Visit) -> None:
        for answer in answers:
            if not await visit.request():
                return
            await visit.say(answer)

    return script


def for_ever(answer: bytes = OK) -> Script:
    """Answer every request alike, on a connection that stays open."""

    async def script(visit: Visit) -> None:
        while await visit.request():
            await visit.say(answer)

    return script
