"""One HTTP/1.1 connection of a client: requests to exchanges and back, with a deadline and a bound for everything.

A timer runs only while a request is incomplete, so a whole one costs none.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Protocol, cast

from msgspec import Struct

from antiphon.errors import AntiphonError
from antiphon.http.exchange import STATUS_LINES, Exchange
from antiphon.http.request_parser import Head, RequestParser
from antiphon.ids import Ids
from antiphon.wheel import Timer, TimerWheel

PIPELINE_MAX = 32
READ_AHEAD_BYTES_MAX = 256 * 1024
LINGER_S = 2.0  # for a client that is still sending, after the last answer
LINGER_NONE = struct.pack("ii", 1, 0)  # of SO_LINGER: unsent bytes are dropped, and the client sees a reset


class ConnectionLimits(Struct, frozen=True):
    """How slowly and how much a client may send, how slowly it may read; seconds and bytes."""

    header_timeout_s: float = 10.0
    header_bytes_max: int = 32 * 1024
    body_timeout_s: float = 10.0
    body_bytes_per_second_min: int = 64 * 1024
    body_bytes_max: int = 32 * 1024 * 1024
    write_timeout_s: float = 30.0
    keep_alive_s: float = 75.0
    connections_max: int = 16_384
    connections_per_address_max: int = 0


class Host(Protocol):
    """The server that a connection belongs to."""

    limits: ConnectionLimits
    handler: Callable[[Exchange], Coroutine[None, None, None]]
    draining: bool
    wheel: TimerWheel
    ids: Ids

    def admit(self, connection: ClientConnection, address: str) -> bool:
        """Count a connection; False when there are too many."""
        ...

    def forget(self, connection: ClientConnection, address: str) -> None:
        """The connection is gone."""
        ...

    def date(self) -> bytes:
        """The value of the Date header."""
        ...


class ClientConnection(asyncio.Protocol):
    """Requests are served one after the other; what a client sends ahead waits, within bounds."""

    def __init__(self, host: Host, loop: asyncio.AbstractEventLoop) -> None:
        self._host = host
        self._limits = host.limits
        self._loop = loop
        self._wheel = host.wheel
        self.closing = False
        self._requests = RequestParser(self, head_bytes_max=host.limits.header_bytes_max)
        self._transport: asyncio.Transport | None = None
        self._address = ""
        self._timer: Timer | None = None
        self._write_timer: Timer | None = None
        self._idle_timer: Timer | None = None
        self._idle_since = 0.0
        self._keep_alive_s = host.limits.keep_alive_s
        self._drained: asyncio.Future[None] | None = None
        self.congested = False
        self._reading_paused = False
        self._serving: Exchange | None = None
        self._arriving: Exchange | None = None
        self._waiting: deque[Exchange] = deque()
        self._begun_at = 0.0

    # The transport's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected; a silent one is closed after the header time-out."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop has transports of its own
        peer = transport.get_extra_info("peername")
        self._address = peer[0] if isinstance(peer, tuple) else ""
        if not self._host.admit(self, self._address):
            self.refuse(503, "Too many connections.")
            return
        self._idle_since = self._loop.time()
        self._timer = self._wheel.after(self._limits.header_timeout_s, self._late)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The client has gone: whoever serves it is told."""
        self.closing = True
        self._stop_timer()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self.resume_writing()
        self._host.forget(self, self._address)
        for exchange in (self._serving, self._arriving, *self._waiting):
            if exchange is not None:
                exchange.gone = True
                exchange.wake()
        serving = self._serving
        if serving is not None and serving.task is not None and serving.complete:
            serving.task.cancel()

    def data_received(self, data: bytes) -> None:
        """Parse what came, begin to serve it, and see to it that what is missing comes in time."""
        if self.closing:
            return
        self._requests.feed(data)
        if self._serving is None and self._waiting:
            self._serve_next()
        if (self._requests.in_head or self._arriving is not None) and not self.closing:
            self._stop_timer()
            self._timer = self._wheel.at(self._due(), self._late)

    def eof_received(self) -> bool:
        """The client sends no more: it has gone, or it will not read on either."""
        return False

    def pause_writing(self) -> None:
        """The client reads too slowly: it has a while to catch up."""
        self.congested = True
        if self._transport is not None and not self.closing:
            self._write_timer = self._wheel.after(self._limits.write_timeout_s, self._cut)

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.congested = False
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    # The parser's side.

    def begun(self) -> None:
        """A request begins; until now the time of a new connection went on, whatever came."""
        if self._timer is not None:
            self._stop_timer()
        self._begun_at = self._loop.time()

    def headed(self, head: Head) -> None:
        """The head is whole: the exchange exists."""
        headers = head.headers
        exchange = Exchange(self, head.method, head.path, head.query, headers)
        exchange.keep_alive = head.keep_alive
        exchange.http_10 = head.http_10
        if b"expect" in headers:
            exchange.expects_continue = headers[b"expect"].lower() == b"100-continue"
        if b"content-length" in headers:
            exchange.oversized = int(headers[b"content-length"]) > self._limits.body_bytes_max
        self._arriving = exchange
        self._waiting.append(exchange)
        if len(self._waiting) > PIPELINE_MAX:
            self.refuse(400, "Too many requests at once on one connection.")

    def on_body(self, body: bytes) -> None:
        """A piece of the body; one that nobody waits for is read only so far ahead."""
        exchange = self._arriving
        if exchange is None or self.closing:
            return
        exchange.add(body, self._limits.body_bytes_max)
        if exchange.oversized:
            exchange.wake()
        elif exchange.body_waiter is None and exchange.body_bytes > READ_AHEAD_BYTES_MAX:
            self._pause()

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._timer is not None:
            self._stop_timer()
        exchange, self._arriving = self._arriving, None
        if exchange is not None:
            exchange.complete = True
            exchange.wake()
            if self._serving is not None:
                self._pause()

    # The exchange's side.

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self._transport is not None and not self.closing:
            self._transport.write(data)

    async def drain(self) -> None:
        """Wait until the client has read enough."""
        if self.congested and not self.closing:
            self._drained = self._loop.create_future()
            await self._drained

    def date(self) -> bytes:
        """The value of the Date header."""
        return self._host.date()

    def resume(self) -> None:
        """Read on."""
        if self._reading_paused and self._transport is not None and not self.closing:
            self._reading_paused = False
            self._transport.resume_reading()

    def finished(self, exchange: Exchange) -> None:
        """The response is complete: the next request, or the end of the connection."""
        self._serving = None
        if self.closing:
            return
        if not exchange.complete:
            self._linger()
        elif not exchange.keep_alive or self._host.draining:
            self._close()
        elif self._waiting:
            self._loop.call_soon(self._serve_next)
        else:
            self.resume()
            self._idle_since = self._loop.time()
            if self._idle_timer is None:
                self._idle_timer = self._wheel.at(self._idle_since + self._keep_alive_s, self._look_if_idle)

    def _look_if_idle(self) -> None:
        """One timer for all of a connection's pauses: it rings seldom, and looks how long the last one is."""
        self._idle_timer = None
        if self._serving is not None or self._requests.in_head or self._arriving is not None:
            return
        due = self._idle_since + self._keep_alive_s
        if self._loop.time() >= due:
            self._close()
        else:
            self._idle_timer = self._wheel.at(due, self._look_if_idle)

    def _serve_next(self) -> None:
        if self.closing or self._serving is not None or not self._waiting:
            return
        exchange = self._serving = self._waiting.popleft()
        if self._host.draining:
            exchange.keep_alive = False
        exchange.task = self._loop.create_task(self._host.handler(exchange))

    # Ends.

    def _pause(self) -> None:
        if not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def _due(self) -> float:
        """When the rest of the request must be here."""
        limits = self._limits
        if self._requests.in_head or self._arriving is None:
            return self._begun_at + limits.header_timeout_s
        return self._begun_at + limits.body_timeout_s + self._arriving.body_bytes / limits.body_bytes_per_second_min

    def _late(self) -> None:
        """What was to come did not come in time. A paused reader is waited for, not blamed."""
        self._timer = None
        if self._reading_paused:
            self._timer = self._wheel.after(self._limits.body_timeout_s, self._late)
        elif self._arriving is not None and self._serving is self._arriving:
            self._arriving.late = True
            self._arriving.wake()
        elif self._requests.in_head and self._serving is None:
            self.refuse(408, "The request came too slowly.")
        else:
            self._close()

    def refuse(self, status: int, text: str) -> None:
        """Answer below the application and close; a response under way is cut instead."""
        if self._transport is not None and not self.closing and self._serving is None:
            body = text.encode()
            request_id = self._host.ids.make("req_").encode()
            fields = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
            fields += b"x-request-id: %b\r\ncontent-length: %d\r\n\r\n" % (request_id, len(body))
            self._transport.write(STATUS_LINES[status] + fields + body)
        if status == 431:
            self._linger()  # the client is still sending
        else:
            self._close()

    def _close(self) -> None:
        """End it once what was written is read; a client that reads nothing of a small answer has its time as well."""
        self._stop_timer()
        transport = self._transport
        if transport is None or self.closing:
            return
        self.closing = True
        if transport.get_write_buffer_size():
            self._timer = self._wheel.after(self._limits.write_timeout_s, self._cut)
        transport.close()

    def _cut(self) -> None:
        """End it for a client that does not read, and have the system forget what it still keeps for it."""
        if self._transport is not None and (raw := self._transport.get_extra_info("socket")) is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        self.abort()

    def _linger(self) -> None:
        """Close our side, read on for a moment: a client that is still sending would else never see the answer."""
        self._stop_timer()
        transport = self._transport
        if transport is None or self.closing:
            return
        self.resume()
        self.closing = True
        if transport.can_write_eof():
            transport.write_eof()
        self._timer = self._wheel.after(LINGER_S, transport.abort)

    def drain_out(self, grace_s: float) -> None:
        """At shutdown: one more answer at most. What is idle ends after `grace_s`, for a request may be on its way."""
        self._keep_alive_s = grace_s
        if self._serving is not None:
            self._serving.keep_alive = False
        elif not self._waiting:
            if self._idle_timer is not None:
                self._idle_timer.cancel()
            self._look_if_idle()

    def end(self, error: AntiphonError) -> asyncio.Task[None] | None:
        """At the end of the drain: end what is still running with an error; the task that does so."""
        if self._serving is None:
            return None
        self._serving.end(error)
        return self._serving.task

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
