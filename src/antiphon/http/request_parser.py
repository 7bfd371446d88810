"""Bytes of one client to requests. llhttp (by httptools) parses, strictly; heads are bounded and offers declined."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import unquote

import httptools
from msgspec import Struct

UPGRADE_HEADERS = (b"upgrade", b"connection", b"http2-settings")
HEAD_TOO_LARGE = "The request's headers are too large."


class Head(Struct, frozen=True, gc=False):
    """The request line and the headers, names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[bytes, bytes]
    keep_alive: bool
    http_10: bool


class Receiver(Protocol):
    """Whoever is told of the requests: begun, headed, a body in pieces, whole. Once it is `closing`, of none."""

    closing: bool

    def begun(self) -> None:
        """The first byte of a request is here."""
        ...

    def headed(self, head: Head) -> None:
        """Its head is whole."""
        ...

    def on_body(self, body: bytes) -> None:
        """A piece of its body."""
        ...

    def on_message_complete(self) -> None:
        """It is whole."""
        ...

    def refuse(self, status: int, text: str) -> None:
        """It is no request that can be served; nothing more of this client is worth reading."""
        ...


class RequestParser:
    """Feed it what comes. `in_head` says that a request has begun whose head is not whole."""

    def __init__(self, receiver: Receiver, *, head_bytes_max: int) -> None:
        self._receiver = receiver
        self._head_bytes_max = head_bytes_max
        self.on_body = receiver.on_body
        self.on_message_complete = receiver.on_message_complete
        self._parser = httptools.HttpRequestParser(self)
        self.in_head = False
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._head_bytes = 0

    def feed(self, data: bytes) -> None:
        """Parse what came; what is no request is refused."""
        if self._receiver.closing:
            return
        self._head_bytes = self._head_bytes + len(data) if self.in_head else len(data)
        if self.in_head and self._head_bytes > 2 * self._head_bytes_max:
            self._receiver.refuse(431, HEAD_TOO_LARGE)
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._stay(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._receiver.refuse(400, "This is not a valid HTTP/1.1 request.")

    # The parser's side.

    def on_message_begin(self) -> None:
        """A request begins."""
        self.in_head = True
        self._url = b""
        self._headers = {}
        self._receiver.begun()

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; one that comes twice is joined, so that nothing can hide behind the first."""
        if not self.in_head:
            return  # a trailer must not change what the head has said
        name = name.lower()
        headers = self._headers
        if name in headers:
            value = headers[name] + b", " + value
        headers[name] = value

    def on_headers_complete(self) -> None:
        """The head is whole, unless its client offers another protocol: then it is parsed again."""
        self.in_head = False
        parser = self._parser
        if self._receiver.closing or parser.should_upgrade():
            return
        if self._head_bytes > self._head_bytes_max and self._head_is_too_large():
            self._receiver.refuse(431, HEAD_TOO_LARGE)
            return
        address, _, query = self._url.partition(b"?")
        path = address.decode("latin-1")
        head = Head(
            parser.get_method().decode("ascii"),
            unquote(path) if "%" in path else path,
            query.decode("latin-1"),
            self._headers,
            parser.should_keep_alive(),
            parser.get_http_version() == "1.0",
        )
        self._receiver.headed(head)

    def _stay(self, rest: bytes) -> None:
        """A client offers another protocol (HTTP/2, say): parse its request again without the offer.

        At an offer the parser stops after the head, so the body would be taken for a request of its own.
        """
        method, version = self._parser.get_method(), self._parser.get_http_version().encode()
        if method == b"CONNECT":
            self._receiver.refuse(405, "This is no proxy.")
            return
        lines = [b"%b %b HTTP/%b" % (method, self._url, version)]
        lines += [b"%b: %b" % item for item in self._headers.items() if item[0] not in UPGRADE_HEADERS]
        if b"close" in self._headers.get(b"connection", b"").lower():
            lines.append(b"connection: close")
        self._parser = httptools.HttpRequestParser(self)
        self.feed(b"\r\n".join(lines) + b"\r\n\r\n" + rest)

    def _head_is_too_large(self) -> bool:
        """Asked only when so much has come that it may be."""
        size = len(self._url) + sum(len(name) + len(value) + 4 for name, value in self._headers.items())
        return size > self._head_bytes_max
