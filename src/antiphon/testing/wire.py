"""The outgoing half of one connection: bytes exactly as told, framed or not, closed in each way there is."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping

LINGER_NONE = struct.pack("ii", 1, 0)
END_OF_CHUNKS = b"0\r\n\r\n"


class Wire:
    """Writes to one client, waiting when it does not read. After `close` or `reset` nothing is written."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._readable = asyncio.Event()
        self._readable.set()
        self.closed_here = False
        self.gone = False
        self.chunked = False
        self.one_byte = False
        self.resets_next = False

    @property
    def over(self) -> bool:
        """Nothing can be written any more."""
        return self.closed_here or self.gone

    async def send(self, data: bytes) -> None:
        """Write bytes as they are, and let the loop turn so that an endless answer can be cancelled."""
        if not self.over:
            self._transport.write(data)
        await self._readable.wait()
        await asyncio.sleep(0)

    async def send_body(self, data: bytes) -> None:
        """Write a piece of the body in the framing of this response; byte by byte when told so."""
        pieces = [data[at : at + 1] for at in range(len(data))] if self.one_byte else [data]
        for piece in pieces:
            await self.send(chunk(piece) if self.chunked else piece)

    async def end_body(self) -> None:
        """End the body where the framing has an end of its own."""
        if self.chunked:
            await self.send(END_OF_CHUNKS)

    async def pause(self, delay_s: float) -> None:
        """Say nothing for `delay_s`; for ever when it is infinite, until the client leaves."""
        await asyncio.sleep(min(delay_s, 86_400.0))

    def close_later(self, delay_s: float) -> None:
        """Close without a word once `delay_s` has passed."""
        asyncio.get_running_loop().call_later(delay_s, self.close)

    def close(self) -> None:
        """Close after what was written is out (FIN)."""
        self.closed_here = True
        self._transport.close()

    def reset(self) -> None:
        """Drop the connection at once with a TCP reset."""
        self.closed_here = True
        raw: socket.socket | None = self._transport.get_extra_info("socket")
        if raw is not None and raw.fileno() >= 0:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        self._transport.abort()

    def hold(self) -> None:
        """The client does not read: wait."""
        self._readable.clear()

    def release(self) -> None:
        """The client reads again, or is gone."""
        self._readable.set()


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """A response head."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes) -> bytes:
    """One HTTP chunk; nothing for no data, which would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
