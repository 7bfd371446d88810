"""A client that sends bytes exactly as told and tells exactly what came back, broken answers included. For tests."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import httptools
import msgspec
from msgspec import Struct

from antiphon.testing.wire import LINGER_NONE

READ_BYTES = 65_536
FINAL = 200  # statuses below it only inform
RAW_BYTES_MAX = 256 * 1024 * 1024

Ending = Literal["whole", "closed", "reset", "malformed"]


class RawResponse(Struct, frozen=True):
    """One answer: `ending` says whether it was whole, or how it broke off; the body is without its chunk framing."""

    status: int
    headers: dict[str, str]
    body: bytes
    ending: Ending

    def json(self) -> Any:  # Any: JSON
        """The body as JSON."""
        return msgspec.json.decode(self.body)

    def events(self) -> list[str]:
        """The data of each server-sent event, comments left out."""
        return events_of(self.body)


class RawClient:
    """One connection to a server on loopback. Every wait has a deadline and ends in TimeoutError."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._answer = _Answer()
        self._ending: Ending | None = None

    @classmethod
    async def connect(cls, url: str) -> Self:
        """A connection to the host and port of `url`."""
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=READ_BYTES)
        return cls(reader, writer)

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        self.close()

    async def send(self, data: bytes) -> None:
        """Write bytes; that the other side is gone shows when reading."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            self._ending = self._ending or "reset"

    async def response(self, *, timeout_s: float = 10.0) -> RawResponse:
        """The next answer, or as much of it as came before it broke off."""
        async with asyncio.timeout(timeout_s):
            while not self._answer.whole and self._ending is None:
                await self._read()
        answer, ending = self._answer, "whole" if self._answer.whole else self._ending
        assert ending is not None
        self._answer = _Answer()
        return RawResponse(answer.status, answer.headers, bytes(answer.body), ending)

    async def until(self, needle: bytes, *, timeout_s: float = 10.0) -> bytes:
        """The body so far, once it holds `needle`, or the connection is over."""
        async with asyncio.timeout(timeout_s):
            while needle not in self._answer.body and not self._answer.whole and self._ending is None:
                await self._read()
        return bytes(self._answer.body)

    async def closed(self, *, timeout_s: float = 10.0) -> Ending:
        """How the connection ended, once the server ended it."""
        async with asyncio.timeout(timeout_s):
            while self._ending is None:
                await self._read()
        return self._ending

    def close(self) -> None:
        """Close (FIN)."""
        self._writer.close()

    def reset(self) -> None:
        """Drop the connection with a TCP reset."""
        raw: socket.socket = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        self._writer.transport.abort()

    async def _read(self) -> None:
        """Take in what came."""
        try:
            data = await self._reader.read(READ_BYTES)
        except ConnectionError:
            self._ending = "reset"
            return
        if not data:
            self._ending = "closed"
            self._answer.end_of_input()
            return
        try:
            self._answer.feed(data)
        except httptools.HttpParserError:
            self._ending = "malformed"


class _Answer:
    """One answer as it is parsed."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.whole = False

    def feed(self, data: bytes) -> None:
        """Parse a piece; ValueError past the size limit."""
        self._parser.feed_data(data)
        if len(self.body) > RAW_BYTES_MAX:
            raise ValueError(f"an answer of more than {RAW_BYTES_MAX} bytes")

    def end_of_input(self) -> None:
        """The connection closed: the end of a body that has no other end."""
        framed = "content-length" in self.headers or "transfer-encoding" in self.headers
        self.whole = self.whole or (self.status >= FINAL and not framed)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Parser: a header."""
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Parser: the head is whole."""
        self.status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        """Parser: a piece of the body."""
        self.body += body

    def on_message_complete(self) -> None:
        """Parser: the answer is whole, unless it only informs."""
        self.whole = self.status >= FINAL
        if not self.whole:
            self.headers.clear()


def request_bytes(
    path: str, body: Any = None, *, method: str = "POST", headers: Mapping[str, str] | None = None
) -> bytes:  # Any: JSON, or the bytes of a body
    """A whole request; a body that is not bytes is written as JSON."""
    data = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
    fields = {"host": "localhost", "content-type": "application/json", "content-length": str(len(data))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in (fields | dict(headers or {})).items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + data


def events_of(body: bytes) -> list[str]:
    """The data of each server-sent event in `body`, comments and other fields left out."""
    found = []
    for block in body.decode("utf-8").replace("\r\n", "\n").split("\n\n"):
        data = [line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:")]
        if data:
            found.append("\n".join(data))
    return found
