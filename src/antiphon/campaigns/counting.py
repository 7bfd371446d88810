"""Counts the requests that took part, behind their answers: in batches, without making a request wait.

What is counted holds no word of a request, so it is counted whatever `store` says. What is on its way is bounded:
beyond that, and when the process dies, counts are lost, of all variants alike, so that no comparison is bent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from antiphon.campaigns import aggregates
from antiphon.campaigns.aggregates import Counted
from antiphon.db import Connection, Database, StatementFailed
from antiphon.db.progress import Progress
from antiphon.errors import Unavailable

ROWS_MAX = 20_000
BATCH_ROWS = 500
RETRY_PAUSE_S = 0.25

OnLost = Callable[[int, str], None]


class Counting:
    """Takes counts at once and writes them soon. Make it within a running event loop, `start` it, `close` it."""

    def __init__(self, database: Database, *, on_lost: OnLost, rows_max: int = ROWS_MAX) -> None:
        self._database = database
        self._on_lost = on_lost
        self._rows_max = rows_max
        self._waiting: deque[Counted] = deque()
        self._progress = Progress("What came before is not counted yet.")
        self._arrived = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Write what is on its way, and end. What the database does not take any more is lost."""
        self._closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task
        self._lose(list(self._waiting), "the gateway ends")
        self._waiting.clear()

    def put(self, counted: Counted) -> None:
        """Take what one request came to."""
        if self._closing or len(self._waiting) >= self._rows_max:
            self._on_lost(1, "the gateway ends" if self._closing else "too many are waiting to be counted")
            return
        self._waiting.append(counted)
        self._progress.take(counted.answer_id)
        self._arrived.set()

    async def all_settled(self) -> None:
        """Return when everything that was taken before is written; Unavailable when it takes too long."""
        await self._progress.all_ended()

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            if not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            batch = [self._waiting[place] for place in range(min(BATCH_ROWS, len(self._waiting)))]
            if not await self._write(batch):
                return
            for _ in batch:
                self._waiting.popleft()
            self._progress.end([counted.answer_id for counted in batch])

    async def _write(self, batch: Sequence[Counted]) -> bool:
        """Write counts however long it takes; False when the database is away and nobody waits for it any longer."""
        while True:
            try:
                await self._database.write(lambda connection: _count(connection, batch))
            except StatementFailed as error:
                self._on_lost(len(batch), f"they cannot be counted: {error}")
            except Unavailable:
                if self._closing:
                    return False
                await asyncio.sleep(RETRY_PAUSE_S)
                continue
            return True

    def _lose(self, batch: Sequence[Counted], reason: str) -> None:
        if batch:
            self._on_lost(len(batch), reason)
            self._progress.end([counted.answer_id for counted in batch])


def _count(connection: Connection, batch: Sequence[Counted]) -> None:
    for counted in batch:
        aggregates.count(connection, counted)
