"""The least that a balancer does: it passes bytes on, to the next gateway that takes the connection."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self
from urllib.parse import urlsplit

READ_BYTES = 65_536


class Balancer:
    """Give it `urls`, and take them out again; connections that stand go on."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.refused = 0
        self._turn = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Drop everything."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            behind_reader, behind_writer = await self._connected()
            ways = ((reader, behind_writer), (behind_reader, writer))
            passing = [asyncio.ensure_future(_copy(source, target)) for source, target in ways]
            try:
                await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in passing:
                    way.cancel()
                behind_writer.close()
        finally:
            writer.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the next one that takes it."""
        self._turn += 1
        turn = self._turn % len(self.urls)
        for each in (*self.urls[turn:], *self.urls[:turn]):
            url = urlsplit(each)
            try:
                return await asyncio.open_connection(url.hostname, url.port)
            except OSError:
                self.refused += 1
        raise ConnectionError("no gateway takes a connection")


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(READ_BYTES):
            target.write(data)
            await target.drain()
