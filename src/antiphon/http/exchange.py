"""One HTTP request and its response, as a handler sees them: headers, a bounded body, an answer whole or in pieces."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from antiphon.course import Course
from antiphon.errors import AntiphonError, BadRequest, BodyTimeout, BodyTooLarge, PermissionDenied, UnsupportedMedia
from antiphon.key import Key

Header = tuple[bytes, bytes]

JSON = (b"content-type", b"application/json")
EVENT_STREAM = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)
NOT_KEPT = (b"cache-control", b"no-store")  # an answer that holds a key, a token, or what only its caller may see
NOT_GUESSED = (b"x-content-type-options", b"nosniff")
STATUS_LINES = {status.value: b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode()) for status in HTTPStatus}
LAST_CHUNK = b"0\r\n\r\n"
NO_BODY = (204, 304)


class ClientGone(Exception):
    """The client closed the connection: there is nobody to answer."""


class Wire(Protocol):
    """The connection under an exchange."""

    congested: bool

    def write(self, data: bytes) -> None:
        """Send bytes, now or as soon as the client reads."""
        ...

    async def drain(self) -> None:
        """Wait until the client has read enough."""
        ...

    def finished(self, exchange: Exchange) -> None:
        """The response is complete."""
        ...

    def resume(self) -> None:
        """Read on, the handler wants the body."""
        ...

    def date(self) -> bytes:
        """The value of the Date header."""
        ...


class Exchange:
    """What a handler is given. The connection fills in the body as it comes."""

    # What most requests never change; an instance holds only what differs.
    request_id = ""
    route = "unknown"
    key: Key | None = None
    course: Course | None = None  # where somebody follows the request
    always = b""  # header lines of whatever response there will be, each with its end
    task: asyncio.Task[None] | None = None
    parameter = ""  # what the address holds in place of the route's `{name}`
    keep_alive = True
    http_10 = False
    expects_continue = False
    body_bytes = 0
    body_waiter: asyncio.Future[None] | None = None
    complete = False  # the request has arrived whole
    oversized = False
    late = False
    started = False
    responded = False
    failed = False  # the body ends with an error, whatever its status said
    media_type = b""  # of a body that comes in pieces
    ended_by: AntiphonError | None = None  # what somebody ended it with who does not serve it
    status = 0
    _chunked = False

    def __init__(self, wire: Wire, method: str, path: str, query: str, headers: dict[bytes, bytes]) -> None:
        self._wire = wire
        self._pieces: list[bytes] = []
        self.gone = False
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers

    def header(self, name: bytes) -> str:
        """A header's value, "" when it is absent."""
        return self.headers.get(name, b"").decode("latin-1")

    def add(self, piece: bytes, bytes_max: int) -> None:
        """Keep a piece of the body that has arrived; beyond `bytes_max` nothing is kept."""
        self.body_bytes += len(piece)
        if self.body_bytes > bytes_max:
            self.oversized = True
            self._pieces.clear()
        else:
            self._pieces.append(piece)

    def wake(self) -> None:
        """Let a waiting `body` look again."""
        if self.body_waiter is not None and not self.body_waiter.done():
            self.body_waiter.set_result(None)

    async def body(self) -> bytes:
        """The whole body; BodyTooLarge as soon as that is known, UnsupportedMedia when compressed, BodyTimeout."""
        encoding = self.headers.get(b"content-encoding")
        if encoding is not None and encoding.lower() != b"identity":
            raise UnsupportedMedia("content-encoding: only identity is supported.")
        while not self.complete or self.oversized:
            if self.oversized:
                raise BodyTooLarge
            if self.late:
                raise BodyTimeout
            if self.gone:
                raise ClientGone
            if self.expects_continue:
                self.expects_continue = False
                self._wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._wire.resume()
            self.body_waiter = asyncio.get_running_loop().create_future()
            await self.body_waiter
        pieces = self._pieces
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def respond(self, status: int, body: bytes, *headers: Header) -> None:
        """The whole response, in one write."""
        if self.gone:
            self.status = status
            return
        head = self._head(status, headers)
        if status not in NO_BODY:
            head += b"content-length: %d\r\n" % len(body)
        self._wire.write(head + b"\r\n" + body if self.method != "HEAD" else head + b"\r\n")
        self._end()

    def start(self, status: int, *headers: Header) -> None:
        """The head of a response whose body comes in pieces."""
        if self.gone:
            self.status = status
            return
        self.media_type = headers[0][1] if headers else b""  # which handlers say first
        self._chunked = not self.http_10
        if self.http_10:
            self.keep_alive = False
        framing = b"transfer-encoding: chunked\r\n\r\n" if self._chunked else b"\r\n"
        self._wire.write(self._head(status, headers) + framing)

    def write(self, data: bytes) -> bool:
        """A piece of the body; False when the client reads too slowly: then `await drain()`."""
        wire = self._wire
        if data and not self.gone:
            wire.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
        return not wire.congested

    def finish(self, data: bytes = b"") -> None:
        """The last piece of the body."""
        if self.gone:
            return
        if self._chunked:
            self._wire.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data) if data else LAST_CHUNK)
        elif data:
            self._wire.write(data)
        self._end()

    def fail(self, data: bytes) -> None:
        """The last piece of a body that began as a good answer and became none."""
        self.failed = True
        self.finish(data)

    def end(self, error: AntiphonError) -> None:
        """Have whoever serves it stop: the answer is `error`, or ends with it where it has begun."""
        if self.task is not None and not self.task.done():
            self.ended_by = error
            self.task.cancel()

    def conclude(self, act: Callable[[bool], None]) -> None:
        """Have `act` told whether the answer stands: what was given here does; one to be kept does once it is kept."""
        act(True)

    async def drain(self) -> None:
        """Wait until the client has read enough."""
        await self._wire.drain()

    def break_off(self) -> None:
        """End a response that cannot be finished: the client sees that it is cut."""
        self.keep_alive = False
        self._end()

    def _head(self, status: int, headers: tuple[Header, ...]) -> bytes:
        self.started = True
        self.status = status
        if not self.complete:
            self.keep_alive = False  # what is left of the request is not worth reading
        lines = [STATUS_LINES[status], b"date: ", self._wire.date(), b"\r\nx-request-id: ", self.request_id.encode()]
        for name, value in headers:
            lines += (b"\r\n", name, b": ", value)
        lines += (b"\r\n", self.always)
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        elif self.http_10:
            lines.append(b"connection: keep-alive\r\n")
        return b"".join(lines)

    def _end(self) -> None:
        if not self.responded:
            self.responded = True
            self._wire.finished(self)


def require_key(exchange: Exchange) -> Key:
    """The key of a route that asks for one."""
    if exchange.key is None:
        raise BadRequest("This address needs a key.")
    return exchange.key


def require_admin(exchange: Exchange) -> Key:
    """The key of a route that changes what others use; PermissionDenied without the scope `admin`."""
    key = require_key(exchange)
    if "admin" not in key.scopes:
        raise PermissionDenied("This takes a key with the scope `admin`.")
    return key
