"""The events of a message that streams: blocks begin, grow and stop, one behind the other. Pure."""

from __future__ import annotations

from typing import Any

from antiphon.chat import Delta, ToolCallDelta, Usage
from antiphon.completions.dialects import Head
from antiphon.completions.dialects.anthropic_messages import answer
from antiphon.completions.dialects.anthropic_messages.answer import Json, encode

PING = b'event: ping\ndata: {"type":"ping"}\n\n'
_STOP = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
_DELTA = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%s","%s":%s}}\n\n'
)


class MessageStream:
    """One message's events; a piece of any block is put together without building objects."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._begun = False
        self._open: str | None = None  # the type of the block that is open, the last one
        self._index = -1  # of that block
        self._calls: dict[int, int] = {}  # the block of each call
        self._last = Delta()  # that tells why it ended

    def delta(self, delta: Delta) -> bytes:
        """The events of one delta; before the first, the one that begins the message."""
        events = b"" if self._begun else self._begin()
        if delta.reasoning:
            events += self._grow("thinking", delta.reasoning)
        if delta.content:
            events += self._grow("text", delta.content)
        for piece in delta.tool_calls:
            events += self._call(piece)
        if delta.finish_reason is not None:
            self._last = delta
        return events

    def end(self, usage: Usage, confidence: float | None) -> bytes:
        """The last block stops, then the message does, with why it did and what it took."""
        events = b"" if self._begun else self._begin()
        reason, stop = answer.reason(self._last)
        told: Json = {
            "delta": {"stop_reason": reason, "stop_sequence": stop},
            "usage": answer.usage(usage, exact=self._head.exact),
        }
        return events + self._stop() + _event("message_delta", told) + _event("message_stop", {})

    def _begin(self) -> bytes:
        """The prompt's tokens are known at the end only."""
        self._begun = True
        return _event("message_start", {"message": answer.message(self._head, [], answer.WireUsage(0, 0))})

    def _grow(self, kind: str, text: str) -> bytes:
        events = b""
        if self._open != kind:
            begun = {"type": "text", "text": ""} if kind == "text" else {"type": kind, "thinking": "", "signature": ""}
            events = self._start(kind, begun)
        return events + _DELTA % (self._index, f"{kind}_delta".encode(), kind.encode(), encode(text))

    def _call(self, piece: ToolCallDelta) -> bytes:
        events = b""
        if piece.index not in self._calls:
            begun = {"type": "tool_use", "id": piece.id or "", "name": piece.name or "", "input": {}}
            events = self._start("tool_use", begun)
            self._calls[piece.index] = self._index
        if not piece.arguments:
            return events
        return events + _DELTA % (
            self._calls[piece.index], b"input_json_delta", b"partial_json", encode(piece.arguments),
        )  # fmt: skip

    def _start(self, kind: str, begun: Json) -> bytes:
        """A block begins where the one before it stops; behind the first one a ping, as the vendor sends it."""
        events = self._stop()
        self._open = kind
        self._index += 1
        events += _event("content_block_start", {"index": self._index, "content_block": begun})
        return events if self._index else events + PING

    def _stop(self) -> bytes:
        return b"" if self._open is None else _STOP % self._index


def _event(name: str, told: dict[str, Any]) -> bytes:  # Any: the vendor's JSON
    return b"event: %s\ndata: %s\n\n" % (name.encode(), encode({"type": name, **told}))
