"""What is on its way into the database, by name, from when it was taken until it is written; who waits, is woken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import repeat

from antiphon.errors import Unavailable

WAIT_S_MAX = 5.0


class Progress:
    """Things that were taken and are not yet written or lost. `late` is said to who waits for too long.

    `weight` is how much they weigh together, by whatever measure the caller bounds them.
    """

    def __init__(self, late: str) -> None:
        self._late = late
        self._weights: dict[str, int] = {}
        self._taken = 0  # how many there ever were
        self._ended = 0  # how many of them are written or lost
        self._moved = asyncio.Event()
        self.weight = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._weights)

    def take(self, name: str, weight: int = 0) -> None:
        """One more is on its way."""
        self._taken += 1
        self._weights[name] = weight
        self.weight += weight

    def end(self, names: Sequence[str]) -> None:
        """They are written or lost: wake those who wait for them."""
        weights = self._weights
        self.weight -= sum(map(weights.pop, names, repeat(0)))
        self._ended += len(names)
        self._moved.set()
        self._moved.clear()

    async def ended(self, name: str) -> None:
        """Return when that one is not on its way any more; Unavailable when it takes too long."""
        if name in self._weights:
            await self._until(lambda: name not in self._weights)

    async def all_ended(self) -> None:
        """Return when all that were taken before have ended; Unavailable when it takes too long."""
        if self._weights:
            taken = self._taken
            await self._until(lambda: self._ended >= taken)

    async def _until(self, done: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(WAIT_S_MAX):
                while not done():
                    await self._moved.wait()
        except TimeoutError:
            raise Unavailable(self._late, retry_after_s=1) from None
