"""Reads one HTTP/1.1 response of a stranger within limits. No I/O: bytes are fed in."""

from __future__ import annotations

from http import HTTPStatus

import httptools

HEAD_SIZE_BYTES_MAX = 32 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class ResponseReader:
    """Collects status, location and body; `complete` turns true when nothing more is needed."""

    def __init__(self, *, body_size_bytes_max: int) -> None:
        self.status = 0
        self.location: str | None = None
        self.complete = False
        self._body_size_bytes_max = body_size_bytes_max
        self._body = bytearray()
        self._head_size_bytes = 0
        self._in_body = False
        self._framed = False  # the end of the body is told by a length or by chunks, not by the end of the connection
        self._parser = httptools.HttpResponseParser(self)

    @property
    def body(self) -> bytes:
        """The body so far."""
        return bytes(self._body)

    def feed(self, data: bytes) -> None:
        """Take bytes from the connection; raise ValueError if they are no acceptable response."""
        if not self._in_body:
            self._head_size_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise ValueError("not an acceptable HTTP response") from error
        if not self._in_body and self._head_size_bytes > HEAD_SIZE_BYTES_MAX:
            raise ValueError("the response's headers are too large")

    def end(self) -> None:
        """Take the end of the connection; raise ValueError if the response was not whole."""
        if not self.complete and (self._framed or not self._in_body):
            raise ValueError("the response was cut off")
        self.complete = True

    def on_message_begin(self) -> None:
        """Refuse a second response; called by the parser."""
        if self.complete:
            raise ValueError("more than one response")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep the few headers that matter; called by the parser."""
        key = name.lower()
        if key == b"location":
            self.location = value.decode("ascii")
        elif key == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise ValueError("a compressed body although none was asked for")
        elif key == b"transfer-encoding":
            self._framed = True
        elif key == b"content-length":
            self._framed = True
            if int(value) > self._body_size_bytes_max:
                raise ValueError("the body is declared too large")

    def on_headers_complete(self) -> None:
        """Pass over interim responses, stop at redirects; called by the parser."""
        status = self._parser.get_status_code()
        if status < HTTPStatus.OK:
            return
        self.status = status
        self._in_body = True
        if status in _REDIRECTS:
            self.complete = True
        elif status != HTTPStatus.OK:
            raise ValueError(f"status {status}")

    def on_body(self, body: bytes) -> None:
        """Collect up to the limit; called by the parser."""
        if len(self._body) + len(body) > self._body_size_bytes_max:
            raise ValueError("the body is too large")
        self._body += body

    def on_message_complete(self) -> None:
        """Note the end of the real response; called by the parser."""
        if self._in_body:
            self.complete = True

    @property
    def redirected(self) -> bool:
        """Whether the response points elsewhere."""
        return self.status in _REDIRECTS
