"""A small HTTP/1.1 client for engines: one pool of kept-alive connections per origin, over TCP, TLS or a unix socket.

The cost of a gateway is the cost of its client, so this one does only what engines need: a request with a body, an
answer whole or in pieces as they arrive, back-pressure, and an abort that the engine notices at once.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

import httptools
from msgspec import Struct

from antiphon.http.origin import Broken, ClientLimits, ConnectFailed, Origin

BUFFER_BYTES_MAX = 256 * 1024  # what one answer may buffer before its connection is paused
HEAD_BYTES_MAX = 64 * 1024


class Connection(asyncio.Protocol):
    """One connection, at most one exchange at a time; the parser's callbacks fill its state."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_lost: Callable[[Connection], None], *, body_bytes_max: int
    ) -> None:
        self._loop = loop
        self.body_bytes_max = body_bytes_max
        self._on_lost = on_lost
        self._parser = httptools.HttpResponseParser(self)
        self.transport: asyncio.Transport | None = None
        self.waiter: asyncio.Future[None] | None = None
        self.idle_since = 0.0
        self.uses = 0
        self.lost = False
        self.closed_cleanly = False
        self.reset()

    def reset(self) -> None:
        """Forget the last answer, before the next request."""
        self.status = 0
        self.header_list: list[tuple[bytes, bytes]] = []
        self.head_bytes = 0
        self.head_done = False
        self.complete = False
        self.keep_alive = False
        self.whole = False
        self.failure: str | None = None
        self.pieces: list[bytes] = []
        self.buffered = 0
        self.received = False
        self._surplus = False
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop has transports of its own

    def data_received(self, data: bytes) -> None:
        """Parse what arrived and wake the reader once for all of it."""
        if self.complete or self.uses == 0:
            self.abort()  # nobody asked for this: it must never be taken for an answer
            return
        self.received = True
        if not self.head_done:
            self.head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.fail(f"not HTTP/1.1: {type(error).__name__}")
            return
        if not self.head_done and self.head_bytes > HEAD_BYTES_MAX:
            self.fail("the answer's headers are too large")
        elif self.whole:
            if self.complete or self.failure:
                self.wake()
            elif self.buffered > self.body_bytes_max:
                self.fail(f"the answer is larger than {self.body_bytes_max} bytes")
        elif self.head_done or self.failure:
            self.wake()
            if self.buffered > BUFFER_BYTES_MAX and not self._paused and self.transport:
                self._paused = True
                self.transport.pause_reading()

    def eof_received(self) -> None:
        """The origin closed its side in good order: some answers end that way."""
        self.closed_cleanly = True

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone: an answer without a declared length is complete, any other is broken."""
        self.lost = True
        if not self.complete:
            if self.head_done and exc is None and self._ends_at_close():
                self.complete = True
            else:
                self.failure = self.failure or "closed before the end of the answer"
        self.wake()
        self._on_lost(self)

    def _ends_at_close(self) -> bool:
        headers = self.headers
        return b"content-length" not in headers and b"transfer-encoding" not in headers

    def on_message_begin(self) -> None:
        """An answer begins: after the one that was asked for, it is surplus."""
        self._surplus = self.complete

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; few answers are ever asked for theirs."""
        if not self._surplus:
            self.header_list.append((name, value))

    @property
    def headers(self) -> dict[bytes, bytes]:
        """The answer's headers by lower-case name."""
        return {name.lower(): value for name, value in self.header_list}

    def on_headers_complete(self) -> None:
        """The head is read; an interim answer (1xx) is not the head."""
        if self._surplus:
            return
        self.status = self._parser.get_status_code()
        self.head_done = self.status >= 200
        if not self.head_done:
            self.header_list = []

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body for the reader."""
        if not self._surplus:
            self.pieces.append(body)
            self.buffered += len(body)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if self.head_done:
            self.complete = True
            self.keep_alive = self._parser.should_keep_alive()  # llhttp knows it only within this callback

    def wake(self) -> None:
        """Let the reader look again."""
        waiter = self.waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def fail(self, reason: str) -> None:
        """End the exchange and the connection; the reader sees `reason`."""
        self.failure = self.failure or reason
        self.abort()
        self.wake()

    def abort(self) -> None:
        """Close at once, so that the engine stops."""
        if self.transport is not None:
            self.transport.abort()

    def take(self) -> bytes:
        """All that has arrived of the body, at once."""
        pieces, self.pieces, self.buffered = self.pieces, [], 0
        if self._paused and self.transport and not self.lost:
            self._paused = False
            self.transport.resume_reading()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def arrival(self) -> asyncio.Future[None]:
        """Done at the next `wake`."""
        self.waiter = self._loop.create_future()
        return self.waiter

    def ready(self) -> bool:
        """Whether as much has arrived as was asked for."""
        return self.complete if self.whole else self.head_done

    def send(self, request: bytes, *, whole: bool) -> None:
        """Begin an exchange."""
        self.reset()
        self.uses += 1
        self.whole = whole
        if self.lost or self.transport is None:
            self.failure = "closed before the request was sent"
        else:
            self.transport.write(request)

    def reusable(self) -> bool:
        """Whether another request may follow on this connection."""
        return self.complete and self.keep_alive and not (self._surplus or self.lost or self.failure)


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

    def arrival(self) -> asyncio.Future[None]:
        """Done when `poll` has something to say, or at `wake`."""
        return self._open().arrival()

    async def read_some(self) -> bytes | None:
        """`poll`, after waiting for an arrival if there is nothing yet; None when `wake` came first."""
        data = self.poll()
        if data is None:
            await self.arrival()
            data = self.poll()
        return data

    def wake(self) -> None:
        """Make a waiting `read_some` return."""
        if self._connection is not None:
            self._connection.wake()

    def close(self) -> None:
        """Give the connection back, or abort it when the answer is not finished: the engine then stops."""
        connection, self._connection = self._connection, None
        if connection is not None:
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
        body: bytes = b"",
        whole: bool = False,
    ) -> Answer:
        """Send a request and return at once; `head` waits (`whole`: for all of the answer, with one wake-up).

        Raises ConnectFailed when nothing was sent.
        """
        request = self._head(method, path, headers) + b"content-length: %d\r\n\r\n" % len(body) + body
        connection = self._idle_connection() or await self._connect()
        connection.send(request, whole=whole)
        return Answer(connection, self, request)

    async def request(
        self, method: str, path: str, *, headers: tuple[tuple[str, str], ...] = (), body: bytes = b""
    ) -> WholeAnswer:
        """Send a request and wait for the whole answer; ConnectFailed or Broken."""
        request = self._head(method, path, headers) + b"content-length: %d\r\n\r\n" % len(body) + body
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
        """Send the same bytes on a connection that nobody has used."""
        connection = await self._connect()
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
