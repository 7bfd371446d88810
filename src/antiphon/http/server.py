"""Uvicorn's HTTP protocol with what it lacks: deadlines for receiving, a bound on headers, and word of a client's going."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from antiphon.http.exchange import CONNECTION_SCOPE_KEY


class ReceiveLimits(Struct, frozen=True):
    """How slowly and how much a client may send, how slowly it may read; seconds and bytes."""

    header_timeout_s: float = 10.0
    header_bytes_max: int = 32 * 1024
    body_timeout_s: float = 10.0
    body_bytes_per_second_min: int = 64 * 1024
    write_timeout_s: float = 30.0
    connections_max: int = 16_384
    connections_per_address_max: int = 0


class GuardedProtocol(HttpToolsProtocol):
    """One connection. A timer runs only while a request is incomplete, so that a whole one costs nothing."""

    limits = ReceiveLimits()
    addresses: Counter[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: uvicorn's own signature, passed on
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._receiving = False
        self._in_head = False
        self._head_bytes = 0
        self._body_bytes = 0
        self._body_begun_at = 0.0
        self._on_gone: Callable[[], object] | None = None
        self._address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit the connection within its bounds; a silent one is closed after the header time-out."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self.addresses[self._address] += 1
        each = self.limits.connections_per_address_max
        if len(self.connections) > self.limits.connections_max or (each and self.addresses[self._address] > each):
            self._refuse(503, "Too many connections.")
            return
        self._timer = self.loop.call_later(self.limits.header_timeout_s, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that its client is gone."""
        super().connection_lost(exc)
        self._stop_timer()
        if self._write_timer is not None:
            self._write_timer.cancel()
        self.addresses[self._address] -= 1
        if not self.addresses[self._address]:
            del self.addresses[self._address]
        on_gone, self._on_gone = self._on_gone, None
        if on_gone is not None and self.cycle is not None and not self.cycle.response_complete:
            on_gone()

    def watch(self, on_gone: Callable[[], object]) -> None:
        """Call `on_gone` if the client goes before the response is complete."""
        self._on_gone = on_gone
        if self.transport.is_closing():
            on_gone()

    def data_received(self, data: bytes) -> None:
        """Parse; then see to it that what is still missing comes in time."""
        self._stop_timer()
        if self._in_head:
            self._count_head(len(data))
        super().data_received(data)
        if self._receiving and not self.transport.is_closing():
            self._timer = self.loop.call_at(self._due(), self._late)

    def _due(self) -> float:
        limits = self.limits
        if self._in_head:
            return self._body_begun_at + limits.header_timeout_s
        return self._body_begun_at + limits.body_timeout_s + self._body_bytes / limits.body_bytes_per_second_min

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope[CONNECTION_SCOPE_KEY] = self  # type: ignore[typeddict-unknown-key]
        self._receiving = self._in_head = True
        self._head_bytes = self._body_bytes = 0
        self._body_begun_at = self.loop.time()

    def on_url(self, url: bytes) -> None:
        """Count the address."""
        super().on_url(url)
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        super().on_header(name, value)
        self._count_head(len(name) + len(value) + 4)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > 2 * self.limits.header_bytes_max and not self.transport.is_closing():
            self._refuse(431, "The request's headers are too large.")

    def on_headers_complete(self) -> None:
        """The body begins, and with it its own deadline."""
        self._in_head = False
        if self.transport.is_closing():
            return
        if self._head_bytes > self.limits.header_bytes_max:
            self._refuse(431, "The request's headers are too large.")
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count the body."""
        if self.transport.is_closing():
            return
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: no deadline is left."""
        self._receiving = False
        if self.transport.is_closing():
            return
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client reads too slowly: it has a while to catch up."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.limits.write_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has caught up."""
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _late(self) -> None:
        """What was to come did not come in time."""
        if not self._receiving:
            self.transport.close()
        elif self._in_head or self.cycle is None or not self.cycle.response_started:
            self._refuse(408, "The request came too slowly.")
        else:
            self.transport.close()

    def _refuse(self, status: int, text: str) -> None:
        """Answer below the application and close."""
        if self.transport.is_closing():
            return
        body = text.encode()
        head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
        self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def guarded(limits: ReceiveLimits) -> type[GuardedProtocol]:
    """The protocol class for these limits, with a count of connections per address of its own."""
    return type("GuardedProtocol", (GuardedProtocol,), {"limits": limits, "addresses": Counter()})
