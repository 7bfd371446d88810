"""The HTTP server: listens, keeps its connections, drains them at the end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine
from email.utils import formatdate

from antiphon.clock import Clock
from antiphon.errors import Unavailable
from antiphon.http.connection import ClientConnection, ConnectionLimits
from antiphon.http.exchange import Exchange
from antiphon.ids import Ids
from antiphon.wheel import TimerWheel

DRAIN_POLL_S = 0.05
GRACE_S = 1.0  # after its last answer a kept connection may have a request on its way
UNSENT_BYTES_MAX = 64 * 1024  # of a connection, besides what its transport buffers
ENDING_S = 2.0  # for the last bytes of what was ended to go out


class Server:
    """Serves one handler. Make it within a running event loop."""

    def __init__(
        self,
        handler: Callable[[Exchange], Coroutine[None, None, None]],
        *,
        limits: ConnectionLimits,
        clock: Clock,
        ids: Ids,
        wheel: TimerWheel,
    ) -> None:
        self.handler = handler
        self.limits = limits
        self.draining = False
        self.wheel = wheel
        self.ids = ids
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._connections: set[ClientConnection] = set()
        self._addresses: Counter[str] = Counter()
        self._listening: asyncio.Server | None = None
        self._listener: socket.socket | None = None
        self._tls: ssl.SSLContext | None = None
        self._taken: set[asyncio.Task[object]] = set()
        self._date = b""
        self._date_second = 0

    async def start(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Begin to accept connections."""
        self._listener, self._tls = listener, tls
        if hasattr(socket, "TCP_NOTSENT_LOWAT") and listener.family != socket.AF_UNIX:
            # Else the system keeps megabytes for a client that does not read, which nobody sees from here.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES_MAX)
        self._listening = await self._loop.create_server(self._connection, sock=listener, ssl=tls, backlog=2048)

    def admit(self, connection: ClientConnection, address: str) -> bool:
        """Count a connection; False when there are too many."""
        self._connections.add(connection)
        self._addresses[address] += 1
        each = self.limits.connections_per_address_max
        return len(self._connections) <= self.limits.connections_max and not (each and self._addresses[address] > each)

    def forget(self, connection: ClientConnection, address: str) -> None:
        """The connection is gone."""
        self._connections.discard(connection)
        self._addresses[address] -= 1
        if self._addresses[address] <= 0:
            del self._addresses[address]

    def date(self) -> bytes:
        """The value of the Date header, made once a second."""
        second = int(self._clock.now())
        if second != self._date_second:
            self._date_second = second
            self._date = formatdate(second, usegmt=True).encode()
        return self._date

    async def stop(self, drain_s: float) -> None:
        """Accept nothing new, let running responses finish for up to `drain_s`, then end the rest with an error."""
        self.draining = True
        self._stop_listening()
        for connection in self._all:
            connection.drain_out(GRACE_S)
        await self._emptied(drain_s)
        await self._end_running()
        for connection in self._all:
            connection.abort()

    async def _end_running(self) -> None:
        """End what still runs with an error, and let that go out."""
        error = Unavailable("The gateway ends.", retry_after_s=1)
        running = [task for connection in self._all if (task := connection.end(error)) is not None]
        if not running:
            return
        await asyncio.wait(running, timeout=ENDING_S)
        for connection in self._all:
            if not connection.closing:
                connection.abort()
        await self._emptied(ENDING_S)

    @property
    def _all(self) -> tuple[ClientConnection, ...]:
        return tuple(self._connections)

    async def _emptied(self, most_s: float) -> None:
        """Return when no connection is left, or after `most_s`."""
        until = self._loop.time() + most_s
        while (self._connections or self._taken) and self._loop.time() < until:  # noqa: ASYNC110 - once, at the end
            await asyncio.sleep(DRAIN_POLL_S)

    def _stop_listening(self) -> None:
        """Take in who has connected already, whom the system would turn away otherwise, and close."""
        if self._listening is None or self._listener is None:
            return
        with contextlib.suppress(OSError):  # nobody is left, or there are no more files
            while True:
                accepted, _ = self._listener.accept()
                accepted.setblocking(False)
                taking = self._loop.connect_accepted_socket(self._connection, accepted, ssl=self._tls)
                task: asyncio.Task[object] = self._loop.create_task(taking)
                self._taken.add(task)
                task.add_done_callback(self._taken.discard)
        self._listening.close()

    def _connection(self) -> ClientConnection:
        return ClientConnection(self, self._loop)
