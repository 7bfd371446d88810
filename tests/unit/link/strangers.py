"""A plain client that tries what it may not, and keeps what it was refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from antiphon.link.client import LinkClient
from antiphon.link.credentials import Credentials


class Stranger(LinkClient):
    """Keeps the errors that the server sent."""

    def __init__(self) -> None:
        self.refusals: list[str] = []
        self._told = asyncio.Event()
        super().__init__(self._keep)

    async def note(self, error: Exception) -> None:
        """As nats-py wants it."""
        self._keep(error)

    async def refused(self, count: int, *, within_s: float = 5) -> None:
        """Return once that many refusals have come."""
        async with asyncio.timeout(within_s):
            while len(self.refusals) < count:
                self._told.clear()
                await self._told.wait()

    def _keep(self, error: Exception) -> None:
        self.refusals.append(str(error))
        self._told.set()


@asynccontextmanager
async def stranger(url: str, credentials: Credentials) -> AsyncIterator[Stranger]:
    """One connection with these credentials."""
    client = Stranger()
    await client.connect(
        [url],
        user_jwt_cb=lambda: bytearray(credentials.token.encode()),
        signature_cb=credentials.sign,
        error_cb=client.note,
        allow_reconnect=False,
    )
    try:
        yield client
    finally:
        await client.shut()
