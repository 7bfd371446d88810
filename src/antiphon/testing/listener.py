"""The listening socket of the fault engine: opened, refused, dropped, and back on the same port."""

from __future__ import annotations

import asyncio

from antiphon.testing.connection import Answerer, Connection

HOST = "127.0.0.1"


class Listener:
    """Accepts clients on loopback and knows which are there."""

    def __init__(self, answer: Answerer, *, port: int) -> None:
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._return: asyncio.TimerHandle | None = None
        self._returning: asyncio.Task[None] | None = None
        self.port = port
        self.connections: set[Connection] = set()
        self.accepted = 0

    async def listen(self) -> None:
        """Accept connections (again), on the same port as before."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._connection, HOST, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Refuse new connections until `listen`; those that are open live on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def refuse_for(self, seconds: float) -> None:
        """Refuse new connections for that long."""
        self.refuse()
        self._return = asyncio.get_running_loop().call_later(seconds, self._come_back)

    def crash(self) -> None:
        """Refuse new connections and reset the open ones, as when the process is killed."""
        self.refuse()
        if self._return is not None:
            self._return.cancel()
        for connection in tuple(self.connections):
            if connection.wire is not None:
                connection.wire.reset()

    def _come_back(self) -> None:
        """Listen again after a time of refusing."""
        self._returning = asyncio.get_running_loop().create_task(self.listen())

    def _connection(self) -> Connection:
        """A new client."""
        self.accepted += 1
        return Connection(self._answer, number=self.accepted, open_connections=self.connections)
