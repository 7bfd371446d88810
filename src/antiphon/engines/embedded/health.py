"""One question to a child: GET /health over its socket. A connection of its own, so that no pool can hide a hang."""

from __future__ import annotations

import asyncio
import contextlib

QUESTION = b"GET /health HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n"
STATUS_LINE_BYTES_MAX = 256


async def healthy(socket_path: str, *, timeout_s: float) -> bool | None:
    """True when the model is loaded, False when it is loading, None when there is no answer in time."""
    try:
        async with asyncio.timeout(timeout_s):
            status = await _status(socket_path)
    except (OSError, TimeoutError):
        return None
    return status.startswith(b"HTTP/1.1 200") if status.startswith(b"HTTP/1.1 ") else None


async def _status(socket_path: str) -> bytes:
    reader, writer = await asyncio.open_unix_connection(socket_path, limit=STATUS_LINE_BYTES_MAX)
    try:
        writer.write(QUESTION)
        return await reader.read(STATUS_LINE_BYTES_MAX)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
