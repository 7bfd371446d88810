"""Ways to ask an origin in tests, each with a time limit."""

from __future__ import annotations

import asyncio

from antiphon.http.client import Answer, Pool


async def ask(pool: Pool, path: str = "/") -> tuple[int, bytes]:
    """Status and body of one request, asked for whole."""
    async with asyncio.timeout(20):
        answer = await pool.request("GET", path)
        return answer.status, answer.body


async def headed(answer: Answer) -> None:
    """Wait for an answer's head."""
    async with asyncio.timeout(20):
        while not await answer.head():
            pass


async def rest(answer: Answer) -> bytes:
    """All that `read_some` gives till the end."""
    pieces = []
    async with asyncio.timeout(20):
        while (piece := await answer.read_some()) != b"":
            pieces.append(piece or b"")
    return b"".join(pieces)
