"""A small HTTP/1.1 client for engines: one pool of kept-alive connections per origin, over TCP, TLS or a unix socket.

The cost of a gateway is the cost of its client, so this one does only what engines need: a request with a body, an
answer whole or in pieces as they arrive, back-pressure, and an abort that the engine notices at once.
"""

from __future__ import annotations

import asyncio
import ssl

from msgspec import Struct

from antiphon.http.engine_connection import Connection, Follower
from antiphon.http.origin import Broken, ClientLimits, ConnectFailed, Origin


class WholeAnswer(Struct):
    """An answer that was read to its end."""

    status: int
    body: bytes
    header_list: list[tuple[bytes, bytes]]

    @property
    def headers(self) -> dict[bytes, bytes]:
        """The headers by lower-case name."""
        return {name.lower(): value for name, value in self.header_list}


class Answer:
    """One exchange: the request is sent, the answer comes whole or in pieces. Close it in every case."""

    __slots__ = ("_connection", "_pool", "_request")

    def __init__(self, connection: Connection, pool: Pool, request: bytes) -> None:
        self._connection: Connection | None = connection
        self._pool = pool
        self._request = request

    @property
    def status(self) -> int:
        """The answer's status, once `head` has returned True."""
        return self._open().status

    @property
    def headers(self) -> dict[bytes, bytes]:
        """The answer's headers by lower-case name."""
        return self._open().headers

    async def head(self) -> bool:
        """Wait for the head (for the whole answer, if it was asked for whole). False when `wake` came first.

        A kept-alive connection that the origin closed before it answered a byte is replaced by a fresh one, once.
        """
        connection = self._open()
        if not connection.ready() and not connection.failure:
            await connection.arrival()
        if connection.ready():
            return True
        if not connection.failure:
            return False
        if connection.received or connection.uses == 1:
            raise Broken(connection.failure)
        self._connection = None
        self._connection = await self._pool.resend(self._request, whole=connection.whole)
        return False

    async def read(self, *, bytes_max: int) -> bytes:
        """The rest of the body; Broken when it is cut or larger than `bytes_max`."""
        connection = self._open()
        body = b""
        while True:
            body += connection.take()
            if len(body) > bytes_max:
                raise Broken(f"the answer is larger than {bytes_max} bytes")
            if connection.complete and not connection.pieces:
                return body
            if connection.failure:
                raise Broken(connection.failure)
            await connection.arrival()

    def poll(self) -> bytes | None:
        """What has arrived since the last call, b"" at the end, None when nothing has; Broken when it is cut."""
        connection = self._connection
        if connection is None:
            raise Broken("the answer is closed")
        if connection.pieces:
            return connection.take()
        if connection.failure:
            raise Broken(connection.failure)
        return b"" if connection.complete else None

    def follow(self, follower: Follower | None) -> None:
        """Tell the follower of all that `poll` would give, as it arrives, until another or None follows."""
        if self._connection is not None:
            self._connection.follower = follower

    async def read_some(self) -> bytes | None:
        """`poll`, after waiting for an arrival if there is nothing yet; None when `wake` came first."""
        data = self.poll()
        if data is None:
            await self._open().arrival()
            data = self.poll()
        return data

    def wake(self) -> None:
        """Make a waiting `head` or `read_some` return."""
        if self._connection is not None:
            self._connection.wake()

    def close(self) -> None:
        """Give the connection back, or abort it when the answer is not finished: the engine then stops."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.follower = None
            self._pool.release(connection)

    def _open(self) -> Connection:
        if self._connection is None:
            raise Broken("the answer is closed")
        return self._connection


class Pool:
    """Connections to one origin, made when needed, kept for a while, the youngest used first.

    Make it within a running event loop.
    """

    def __init__(
        self, origin: Origin, *, limits: ClientLimits = ClientLimits(), tls: ssl.SSLContext | None = None
    ) -> None:
        self.origin = origin
        self.limits = limits
        self._tls = (tls or ssl.create_default_context()) if origin.tls else None
        self._loop = asyncio.get_running_loop()
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._connecting = 0
        self._heads: dict[tuple[str, str, tuple[tuple[str, str], ...]], bytes] = {}

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: tuple[tuple[str, str], ...] = (),
        own: bytes = b"",
        body: bytes = b"",
        whole: bool = False,
    ) -> Answer:
        """Send a request and return at once; `head` waits (`whole`: for all of the answer, with one wake-up).

        `headers` are those of many requests, `own` the lines of this one. Raises ConnectFailed when nothing was sent.
        """
        request = self._head(method, path, headers) + own + b"content-length: %d\r\n\r\n" % len(body) + body
        connection = self._idle_connection() or await self._connect()
        connection.send(request, whole=whole)
        return Answer(connection, self, request)

    async def request(
        self, method: str, path: str, *, headers: tuple[tuple[str, str], ...] = (), own: bytes = b"", body: bytes = b""
    ) -> WholeAnswer:
        """Send a request, as `send` does, and wait for the whole answer; ConnectFailed or Broken."""
        request = self._head(method, path, headers) + own + b"content-length: %d\r\n\r\n" % len(body) + body
        connection = self._idle_connection() or await self._connect()
        connection.send(request, whole=True)
        try:
            while not connection.complete:
                if not connection.failure:
                    await connection.arrival()
                elif connection.received or connection.uses == 1:
                    raise Broken(connection.failure)
                else:
                    connection = await self.resend(request, whole=True)
            answer = WholeAnswer(connection.status, connection.take(), connection.header_list)
        except BaseException:
            connection.abort()
            raise
        self.release(connection)
        return answer

    async def resend(self, request: bytes, *, whole: bool) -> Connection:
        """Send the same bytes on a connection that nobody has used; Broken where none is made, since they were sent."""
        try:
            connection = await self._connect()
        except ConnectFailed as error:
            raise Broken(f"closed before an answer came, then {error}") from error
        connection.send(request, whole=whole)
        return connection

    def _head(self, method: str, path: str, headers: tuple[tuple[str, str], ...]) -> bytes:
        key = (method, path, headers)
        head = self._heads.get(key)
        if head is None:
            lines = [f"{method} {self.origin.prefix}{path} HTTP/1.1", f"host: {self.origin.authority}"]
            lines += ["accept-encoding: identity", "user-agent: antiphon"]
            lines += [f"{name}: {value}" for name, value in headers]
            head = ("\r\n".join(lines) + "\r\n").encode("latin-1")
            if len(self._heads) < 64:
                self._heads[key] = head
        return head

    def _idle_connection(self) -> Connection | None:
        oldest = self._loop.time() - self.limits.idle_s
        while self._idle:
            connection = self._idle.pop()
            if not connection.lost and connection.idle_since > oldest:
                return connection
            connection.abort()
        return None

    async def _connect(self) -> Connection:
        loop, origin = self._loop, self.origin
        if len(self._open) + self._connecting >= self.limits.connections_max:
            raise ConnectFailed(f"{self.limits.connections_max} connections are open already")

        def make() -> Connection:
            return Connection(loop, self._forget, body_bytes_max=self.limits.body_bytes_max)

        self._connecting += 1
        try:
            async with asyncio.timeout(self.limits.connect_s):
                if origin.unix_path is not None:
                    _, connection = await loop.create_unix_connection(make, origin.unix_path)
                else:
                    _, connection = await loop.create_connection(make, origin.host, origin.port, ssl=self._tls)
        except (OSError, TimeoutError) as error:
            raise ConnectFailed(f"no connection to {origin.authority}: {str(error) or 'timed out'}") from error
        finally:
            self._connecting -= 1
        self._open.add(connection)
        return connection

    def release(self, connection: Connection) -> None:
        """Keep a connection whose answer was read to its end; abort any other."""
        if connection.reusable():
            if connection.pieces:
                connection.take()
            connection.idle_since = self._loop.time()
            self._idle.append(connection)
        else:
            connection.abort()

    def _forget(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def close(self) -> None:
        """Abort every connection."""
        for connection in tuple(self._open):
            connection.abort()
