"""A server on a free port of the loopback for tests of connections, and wheels that turn by hand."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine

from antiphon.clock import Clock, SystemClock
from antiphon.errors import AntiphonError
from antiphon.http.connection import ConnectionLimits
from antiphon.http.exchange import Exchange
from antiphon.http.server import Server
from antiphon.ids import seeded
from antiphon.wheel import Timer, TimerWheel

Handler = Callable[[Exchange], Coroutine[None, None, None]]

PATIENCE_S = 5.0


class HandWheel(TimerWheel):
    """Timers ring only when a test lets time pass."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._set: set[Timer] = set()
        self._when: dict[Timer, float] = {}

    def at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Remember it."""
        timer = Timer(self._set, callback)
        self._when[timer] = when
        return timer

    def pass_time(self, seconds: float) -> int:
        """Ring what is due in that many seconds; how many timers rang."""
        until = self._loop.time() + seconds
        due = [timer for timer in self._set if self._when[timer] <= until]
        for timer in due:
            timer.cancel()
            timer.callback()
        return len(due)


class Echo:
    """A handler that answers with the body, and keeps what it was given."""

    def __init__(self) -> None:
        self.seen: list[Exchange] = []
        self.bodies: list[bytes] = []

    async def __call__(self, exchange: Exchange) -> None:
        """Answer; an error becomes its status and message."""
        self.seen.append(exchange)
        try:
            body = await exchange.body()
        except AntiphonError as error:
            exchange.respond(error.status, error.message.encode())
            return
        self.bodies.append(body)
        exchange.respond(200, body)


class Lab:
    """A running server, and ways to talk to it."""

    def __init__(self, server: Server, port: int) -> None:
        self.server = server
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A new connection."""
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def told(self, data: bytes) -> bytes:
        """Everything the server says to these bytes until it closes."""
        reader, writer = await self.connect()
        try:
            async with asyncio.timeout(PATIENCE_S):
                writer.write(data)
                return await reader.read()
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def serving(
    handler: Handler,
    limits: ConnectionLimits = ConnectionLimits(),
    *,
    wheel: TimerWheel | None = None,
    clock: Clock | None = None,
    tls: ssl.SSLContext | None = None,
    send_buffer_bytes: int | None = None,
) -> AsyncIterator[Lab]:
    """A server for one test; small `send_buffer_bytes` let a slow reader be noticed soon."""
    loop = asyncio.get_running_loop()
    server = Server(
        handler, limits=limits, clock=clock or SystemClock(), ids=seeded(1), wheel=wheel or TimerWheel(loop)
    )
    listener = socket.socket()
    if send_buffer_bytes is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    listener.setblocking(False)
    port: int = listener.getsockname()[1]
    await server.start(listener, tls)
    try:
        yield Lab(server, port)
    finally:
        await server.stop(0.0)


def statuses(said: bytes) -> list[int]:
    """The statuses of all answers in what a server said; no body here looks like an answer."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", said)]
