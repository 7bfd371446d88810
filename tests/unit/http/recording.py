"""A connection that keeps what is written, for tests that need an exchange and no socket."""

from __future__ import annotations

from antiphon.http.exchange import Exchange


class RecordingWire:
    """Keeps every byte in order; the client reads at once, and the date stands still."""

    def __init__(self) -> None:
        self.congested = False
        self.sent = b""
        self.ends = 0
        self.resumed = 0

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.sent += data

    async def drain(self) -> None:
        """The client has always read enough."""

    def finished(self, exchange: Exchange) -> None:
        """Count an end."""
        self.ends += 1

    def resume(self) -> None:
        """Count a wish for more."""
        self.resumed += 1

    def date(self) -> bytes:
        """The same moment always."""
        return b"Sat, 21 Nov 2026 12:00:00 GMT"

    @property
    def status(self) -> int:
        """The status that the client saw."""
        return int(self.sent.split(b" ", 2)[1])

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the client saw; each may stand once."""
        lines = self.sent.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        pairs = [line.split(": ", 1) for line in lines]
        assert len({name for name, _ in pairs}) == len(pairs)
        return {name: value for name, value in pairs}  # noqa: C416 - dict() takes no list of lists under mypy

    @property
    def body(self) -> bytes:
        """What follows the headers."""
        return self.sent.partition(b"\r\n\r\n")[2]


def exchange_of(method: str, path: str, headers: dict[bytes, bytes] | None = None) -> tuple[Exchange, RecordingWire]:
    """An exchange whose request has arrived whole without a body, and the connection under it."""
    wire = RecordingWire()
    exchange = Exchange(wire, method, path, "", headers or {})
    exchange.complete = True
    return exchange, wire
