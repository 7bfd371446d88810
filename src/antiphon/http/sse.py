"""Server-sent events: cut an engine's stream into event payloads, write our own.

The reader takes bytes as they arrive, in pieces of any size, and bounds how much an unfinished line may hold.
"""

from __future__ import annotations

from antiphon.http.origin import Broken

LINE_BYTES_MAX = 1024 * 1024
DONE = b"data: [DONE]\n\n"
HEARTBEAT = b": heartbeat\n\n"


class EventReader:
    """Collects `data:` payloads; comments and other fields are dropped, as the standard asks."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    @property
    def pending(self) -> bool:
        """Whether a line has begun that is not whole yet."""
        return bool(self._rest)

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads completed by `data`; Broken when a line grows beyond 1 MiB."""
        if self._rest:
            data = self._rest + data
        lines = data.split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > LINE_BYTES_MAX:
            raise Broken("a line of the stream is too long")
        payloads = []
        for line in lines:
            if line.startswith(b"data:"):
                payload = line[5:].strip()
                if payload:
                    payloads.append(payload)
        return payloads


def event(payload: bytes) -> bytes:
    """One event with a JSON payload (which holds no line break)."""
    return b"data: " + payload + b"\n\n"
