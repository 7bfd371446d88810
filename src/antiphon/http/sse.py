"""Server-sent events: cut an engine's stream into event payloads, write our own.

The reader takes bytes as they arrive, in pieces of any size, and bounds how much an unfinished line may hold.
"""

from __future__ import annotations

import re

from antiphon.http.origin import Broken

LINE_BYTES_MAX = 1024 * 1024
DONE = b"data: [DONE]\n\n"
HEARTBEAT = b": heartbeat\n\n"
# What each `data:` line holds, without the space around it.
PAYLOADS = re.compile(rb"^data:[^\S\n]*(\S(?:.*\S)?)[^\S\n]*$", re.MULTILINE)


class EventReader:
    """Collects `data:` payloads; comments and other fields are dropped, as the standard asks."""

    __slots__ = ("rest",)

    def __init__(self) -> None:
        self.rest = b""  # of a line that has begun and is not whole yet

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads completed by `data`; Broken when a line grows beyond 1 MiB."""
        lines, _, self.rest = (self.rest + data).rpartition(b"\n")
        if len(self.rest) > LINE_BYTES_MAX:
            raise Broken("a line of the stream is too long")
        return PAYLOADS.findall(lines)


def event(payload: bytes) -> bytes:
    """One event with a JSON payload (which holds no line break)."""
    return b"data: " + payload + b"\n\n"
