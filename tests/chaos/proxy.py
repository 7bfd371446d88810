"""A proxy in front of a node: it resets connections at a chosen point, and keeps what passed through it.

What it kept shows each seam: with which text the next node was asked to go on, and what each node really said.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import httptools

from antiphon.testing.raw_client import events_of
from antiphon.testing.wire import LINGER_NONE
from tests.chaos.processes import Node

JSON = Any  # Any: the wire
READ_BYTES = 65_536
CHAT = b"/v1/chat/completions"


@dataclass(eq=False)
class Passed:
    """One request to generate, and as much of its answer as passed."""

    node: str
    begun_at: float
    body: JSON
    answer: bytearray = field(default_factory=bytearray)
    cut: bool = False

    @property
    def prefill(self) -> str:
        """The text that the node was asked to go on with."""
        last = self.body["messages"][-1]
        return str(last["content"]) if last["role"] == "assistant" and not last.get("tool_calls") else ""

    @property
    def said(self) -> str:
        """The text that it said, of the first choice."""
        chunks = [json.loads(event) for event in _whole_events(self.answer) if event != "[DONE]"]
        parts = [part["delta"] for chunk in chunks for part in chunk.get("choices") or ()]
        return "".join(part.get("content") or "" for part in parts)

    @property
    def events(self) -> int:
        """How many events of the answer have passed."""
        return self.answer.count(b"\n\n")


OnPassed = Callable[[Passed], None]


class Proxy:
    """Listens on loopback for one node. `on_event` is told of a request each time more of its answer has passed."""

    def __init__(self, node: Node, *, on_event: OnPassed | None = None) -> None:
        self.name = node.name
        self.passed: list[Passed] = []
        self.url = ""
        self._node = node
        self._on_event = on_event
        self._server: asyncio.Server | None = None
        self._open: set[_Relay] = set()

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Drop everything."""
        assert self._server is not None
        self._server.close()
        self.reset()

    def reset(self) -> None:
        """Reset all connections at once, as when the node is killed."""
        for relay in tuple(self._open):
            relay.reset()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until either side is gone."""
        where = urlsplit(self._node.url)
        relay = _Relay(self, writer)
        try:
            far_reader, far_writer = await asyncio.open_connection(where.hostname, where.port)
        except OSError:
            relay.reset()
            return
        self._open.add(relay)
        try:
            async with asyncio.TaskGroup() as group:
                there = group.create_task(_pump(reader, far_writer, relay.asked))
                back = group.create_task(_pump(far_reader, writer, relay.answered))
                await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
                there.cancel()
                back.cancel()
        finally:
            self._open.discard(relay)
            relay.ended()
            far_writer.close()
            writer.close()

    def note(self, path: bytes, body: bytes) -> Passed | None:
        """A request that passes on its way to the node; None where it generates nothing."""
        if path != CHAT:
            return None
        passed = Passed(self.name, asyncio.get_running_loop().time(), json.loads(body))
        self.passed.append(passed)
        return passed

    def tell(self, passed: Passed) -> None:
        """More of an answer has passed."""
        if self._on_event is not None:
            self._on_event(passed)


class _Relay:
    """One connection, both ways parsed as they pass."""

    def __init__(self, proxy: Proxy, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._writer = writer
        self._request = httptools.HttpRequestParser(_Body(self._asked_whole))
        self._response = httptools.HttpResponseParser(_Body(self._answered_whole, on_piece=self._answered_piece))
        self._current: Passed | None = None

    def asked(self, data: bytes) -> None:
        """Bytes on their way to the node."""
        self._request.feed_data(data)

    def answered(self, data: bytes) -> None:
        """Bytes on their way back."""
        self._response.feed_data(data)
        if self._current is not None:
            self._proxy.tell(self._current)

    def reset(self) -> None:
        """Drop the client's connection with a TCP reset."""
        raw: socket.socket | None = self._writer.get_extra_info("socket")
        if raw is not None and raw.fileno() >= 0:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        self._writer.transport.abort()

    def ended(self) -> None:
        """The connection is over; an answer that was on its way is cut."""
        if self._current is not None:
            self._current.cut = True

    def _asked_whole(self, path: bytes, body: bytes) -> None:
        self._current = self._proxy.note(path, body)

    def _answered_piece(self, piece: bytes) -> None:
        if self._current is not None:
            self._current.answer += piece

    def _answered_whole(self, _path: bytes, _body: bytes) -> None:
        current, self._current = self._current, None
        if current is not None:
            self._proxy.tell(current)


class _Body:
    """Puts the body of each message together."""

    def __init__(
        self, on_whole: Callable[[bytes, bytes], None], *, on_piece: Callable[[bytes], None] | None = None
    ) -> None:
        self._on_whole = on_whole
        self._on_piece = on_piece
        self._path = bytearray()
        self._body = bytearray()

    def on_message_begin(self) -> None:
        """Parser: another message."""
        self._path.clear()
        self._body.clear()

    def on_url(self, path: bytes) -> None:
        """Parser: a piece of a request's target."""
        self._path += path

    def on_body(self, body: bytes) -> None:
        """Parser: a piece of the body."""
        if self._on_piece is None:
            self._body += body
        else:
            self._on_piece(body)

    def on_message_complete(self) -> None:
        """Parser: the message is whole."""
        self._on_whole(bytes(self._path), bytes(self._body))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, see: Callable[[bytes], None]) -> None:
    """Hand bytes on until there are no more."""
    try:
        while data := await reader.read(READ_BYTES):
            writer.write(data)
            see(data)
            await writer.drain()
    except ConnectionError:
        return


def _whole_events(answer: bytes | bytearray) -> list[str]:
    """The events that passed whole."""
    return events_of(bytes(answer[: answer.rfind(b"\n\n") + 2]))
