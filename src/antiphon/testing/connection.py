"""The incoming half of one connection: HTTP/1.1 requests parsed by httptools, answered one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import httptools
from msgspec import Struct

from antiphon.testing.wire import Wire

BODY_BYTES_MAX = 64 * 1024 * 1024
PIPELINED_MAX = 64


class Request(Struct, frozen=True):
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    keep_alive: bool
    connection: int


Answerer = Callable[[Request, Wire], Awaitable[None]]


class Connection(asyncio.Protocol):
    """Parses requests and hands each to `answer`, whose task is cancelled when the client leaves."""

    def __init__(self, answer: Answerer, *, number: int, open_connections: set[Connection]) -> None:
        self._answer = answer
        self._number = number
        self._open = open_connections
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self.wire: Wire | None = None
        self._begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        assert isinstance(transport, asyncio.Transport)
        self.wire = Wire(transport)
        self._open.add(self)

    def data_received(self, data: bytes) -> None:
        """Parse; what is no HTTP closes the connection."""
        assert self.wire is not None
        if self.wire.resets_next:
            self.wire.reset()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.wire.close()

    def connection_lost(self, _exc: Exception | None) -> None:
        """The client left, or we did: stop answering."""
        self._open.discard(self)
        if self.wire is not None:
            self.wire.gone = True
            self.wire.release()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """The client does not read."""
        if self.wire is not None:
            self.wire.hold()

    def resume_writing(self) -> None:
        """The client reads again."""
        if self.wire is not None:
            self.wire.release()

    def on_url(self, url: bytes) -> None:
        """Parser: a piece of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Parser: a header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """Parser: a piece of the body; one that grows past the limit ends the connection."""
        self._body += body
        if len(self._body) > BODY_BYTES_MAX and self.wire is not None:
            self.wire.close()

    def on_message_complete(self) -> None:
        """Parser: the request is whole."""
        request = Request(
            self._parser.get_method().decode(),
            self._target.decode("latin-1"),
            self._headers,
            bytes(self._body),
            self._parser.should_keep_alive(),
            self._number,
        )
        self._begin()
        if len(self._waiting) < PIPELINED_MAX:
            self._waiting.append(request)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._serve())

    def _begin(self) -> None:
        """Make ready for the next request."""
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    async def _serve(self) -> None:
        """Answer what waits, in order; an answer that cannot be made closes the connection rather than hang it."""
        assert self.wire is not None
        answered = True
        try:
            while self._waiting and not self.wire.over:
                answered = False
                request = self._waiting.popleft()
                await self._answer(request, self.wire)
                answered = request.keep_alive
        finally:
            self._task = None
            if not answered and not self.wire.over:
                self.wire.close()
