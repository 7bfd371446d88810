"""One HTTP request and its response over ASGI: headers, a bounded body, an answer in one piece or many."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from antiphon.accounts.keys import Key
from antiphon.errors import BadRequest, BodyTimeout, BodyTooLarge, UnsupportedMedia

Scope = dict[str, Any]  # Any: ASGI's own
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON = (b"content-type", b"application/json")
EVENT_STREAM = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)
CONNECTION_SCOPE_KEY = "antiphon.connection"


class Watched(Protocol):
    """A server's connection that tells when the client has gone."""

    def watch(self, on_gone: Callable[[], object]) -> None:
        """Call `on_gone` once, if the client goes before the response is complete."""
        ...


class ClientGone(Exception):
    """The client closed the connection: there is nobody to answer."""


class Exchange:
    """What a handler is given."""

    __slots__ = ("_receive", "_send", "gone", "headers", "key", "params", "request_id", "route", "scope", "started", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.request_id = request_id
        self.route = "unknown"
        self.params: dict[str, str] = {}
        self.key: Key | None = None
        self.started = False
        self.status = 0
        self.gone = False

    def header(self, name: bytes) -> str:
        """A header's value, "" when it is absent."""
        return self.headers.get(name, b"").decode("latin-1")

    async def body(self, *, bytes_max: int) -> bytes:
        """The whole body; BodyTooLarge as soon as that is known, UnsupportedMedia for a compressed one."""
        encoding = self.headers.get(b"content-encoding")
        if encoding is not None and encoding.lower() != b"identity":
            raise UnsupportedMedia("content-encoding: only identity is supported.")
        declared = self.headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > bytes_max:
            raise BodyTooLarge(f"The body is larger than {bytes_max} bytes.")
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                self.gone = True
                raise BodyTimeout() if message.get("late") else ClientGone()
            piece = message.get("body", b"")
            size += len(piece)
            if size > bytes_max:
                raise BodyTooLarge(f"The body is larger than {bytes_max} bytes.")
            pieces.append(piece)
            if not message.get("more_body", False):
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def watch(self) -> None:
        """Cancel the current task when the client goes; call it once the body is read."""
        task = asyncio.current_task()
        assert task is not None

        def on_gone() -> None:
            self.gone = True
            task.cancel()

        connection: Watched | None = self.scope.get(CONNECTION_SCOPE_KEY)
        if connection is not None:
            connection.watch(on_gone)
            return
        watcher = asyncio.get_running_loop().create_task(self._await_disconnect(on_gone))
        task.add_done_callback(lambda _: watcher.cancel())

    async def _await_disconnect(self, on_gone: Callable[[], None]) -> None:
        """For servers that tell only when asked."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        on_gone()

    async def respond(self, status: int, body: bytes, *headers: Header) -> None:
        """The whole response."""
        self.started = True
        self.status = status
        sized = (*headers, (b"content-length", b"%d" % len(body)), (b"x-request-id", self.request_id.encode()))
        await self._send({"type": "http.response.start", "status": status, "headers": sized})
        await self._send({"type": "http.response.body", "body": body})

    async def start(self, status: int, *headers: Header) -> None:
        """The head of a response whose body comes in pieces."""
        self.started = True
        self.status = status
        headers = (*headers, (b"x-request-id", self.request_id.encode()))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes) -> None:
        """A piece of the body; waits while the client is slow to read."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self, data: bytes = b"") -> None:
        """The last piece of the body."""
        await self._send({"type": "http.response.body", "body": data})


def require_key(exchange: Exchange) -> Key:
    """The key of a route that asks for one."""
    if exchange.key is None:
        raise BadRequest("No key.")
    return exchange.key
