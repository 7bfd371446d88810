"""One connection to an engine: bytes to an answer as they come, back-pressure, an abort that is noticed at once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol, cast

import httptools

BUFFER_BYTES_MAX = 256 * 1024  # what one answer may buffer before its connection is paused
SYSTEM_BYTES_MAX = 256 * 1024  # and the system for it, twice that in its own count; by itself it would go up to 32 MiB
HEAD_BYTES_MAX = 64 * 1024


class Follower(Protocol):
    """Takes the body of an answer as it arrives, without a task that would have to be woken for each piece."""

    def arrived(self, data: bytes) -> None:
        """The next piece."""
        ...

    def ended(self) -> None:
        """No more will come: the answer is whole, or it failed."""
        ...


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
        self.expects = False  # an answer, or the rest of one
        self.complete = False
        self.keep_alive = False
        self.whole = False
        self.failure: str | None = None
        self.pieces: list[bytes] = []
        self.buffered = 0  # of what nobody follows
        self.follower: Follower | None = None
        self._surplus = False
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport. What a slow client does not read is to stay with its engine, not with the system here."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop has transports of its own
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SYSTEM_BYTES_MAX)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived and wake the reader once for all of it."""
        if not self.expects:
            self.abort()  # nobody asked for this: it must never be taken for an answer
            return
        if not self.head_done:
            self.head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.fail(f"not HTTP/1.1: {type(error).__name__}")
            return
        follower = self.follower
        if follower is not None and self.pieces and self.expects and not self.failure:
            pieces = self.pieces  # so it is with nearly every piece of a stream
            follower.arrived(pieces.pop() if len(pieces) == 1 and not self._paused else self.take())
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

    @property
    def received(self) -> bool:
        """Whether anything has come of the answer."""
        return self.head_bytes > 0

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
            if self.follower is None:
                self.buffered += len(body)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if self.head_done:
            self.complete = True
            self.expects = False
            self.keep_alive = self._parser.should_keep_alive()  # llhttp knows it only within this callback

    def wake(self) -> None:
        """Hand what arrived to the follower, or let the reader look again when its task's turn comes."""
        if self.follower is not None and self.pieces:
            self.follower.arrived(self.take())
        if self.follower is not None and (self.complete or self.failure):
            self.follower.ended()
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
        self.expects = True
        self.uses += 1
        self.whole = whole
        if self.lost or self.transport is None:
            self.failure = "closed before the request was sent"
        else:
            self.transport.write(request)

    def reusable(self) -> bool:
        """Whether another request may follow on this connection."""
        return self.complete and self.keep_alive and not (self._surplus or self.lost or self.failure)
