"""The HTTP server: listens, keeps its connections, drains them at the end."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine
from email.utils import formatdate

from antiphon.clock import Clock
from antiphon.http.connection import ClientConnection, ConnectionLimits
from antiphon.http.exchange import Exchange
from antiphon.ids import Ids
from antiphon.wheel import TimerWheel

DRAIN_POLL_S = 0.05


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
        self._date = b""
        self._date_second = 0

    async def start(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Begin to accept connections."""
        self._listening = await self._loop.create_server(
            lambda: ClientConnection(self, self._loop), sock=listener, ssl=tls, backlog=2048
        )

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
        """Accept nothing new, let running responses finish for up to `drain_s`, then cut the rest."""
        self.draining = True
        if self._listening is not None:
            self._listening.close()
        for connection in tuple(self._connections):
            connection.close_if_idle()
        until = self._loop.time() + drain_s
        while self._connections and self._loop.time() < until:  # noqa: ASYNC110 - once, at the end
            await asyncio.sleep(DRAIN_POLL_S)
        for connection in tuple(self._connections):
            connection.cancel()
