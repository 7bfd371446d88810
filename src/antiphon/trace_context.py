"""W3C Trace Context: by which trace, and below which span of it, something is done. Pure.

What cannot be read is taken as if it were not there, as the standard asks.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from msgspec import Struct

TRACEPARENT = b"traceparent"
TRACESTATE = b"tracestate"
STATE_CHARACTERS_MAX = 512
SPAN_DIGITS = 16
SAMPLED = 1

_parent = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_state = re.compile(rb"[\x20-\x7e]+")


class TraceContext(Struct, frozen=True):
    """A span, by its trace and its own id, in hexadecimal. `state` is what others note on their way."""

    trace_id: str
    span_id: str
    sampled: bool = False
    state: str = ""

    @property
    def traceparent(self) -> str:
        """The header by which it is the parent of what somebody else does."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"

    def child(self, name: str) -> TraceContext:
        """The span of what is done for this one under a name, which no other has: it has the same id every time."""
        return TraceContext(self.trace_id, span_id(name), self.sampled, self.state)


def span_id(name: str) -> str:
    """The id of the span that stands for a name."""
    return hashlib.sha256(name.encode()).hexdigest()[:SPAN_DIGITS]


def read(headers: Mapping[bytes, bytes]) -> TraceContext | None:
    """What a request names as its parent; None where it names none that can be read."""
    parent = headers.get(TRACEPARENT)
    return None if parent is None else told(parent, headers.get(TRACESTATE, b""))


def told(parent: bytes, state: bytes = b"") -> TraceContext | None:
    """The context of the two headers. A later version of the first may say more, which is left out."""
    found = _parent.fullmatch(parent.strip())
    if found is None:
        return None
    version, trace_id, parent_id, flags, more = found.groups()
    if version == b"ff" or (version == b"00" and more) or not (trace_id.strip(b"0") and parent_id.strip(b"0")):
        return None
    kept = state.decode() if len(state) <= STATE_CHARACTERS_MAX and _state.fullmatch(state) else ""
    return TraceContext(trace_id.decode(), parent_id.decode(), bool(int(flags, 16) & SAMPLED), kept)
