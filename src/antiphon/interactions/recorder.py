"""Writes interactions behind the answers: in order, durably, in batches, without making a request wait.

What is on its way is bounded. A caller asks for room before a request is served; rows of requests that were under way
when the room ran out are still taken, up to twice the bound, and beyond that they are lost and `on_lost` is told.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from antiphon.chat import Image, Message
from antiphon.db import Connection, ConstraintBroken, Database, StatementFailed
from antiphon.db.progress import Progress
from antiphon.errors import Unavailable
from antiphon.interactions import store
from antiphon.interactions.model import Interaction, kept_rows

ROWS_MAX = 10_000
CHARACTERS_MAX = 64_000_000
BATCH_ROWS = 100
BATCH_CHARACTERS = 4_000_000
RETRY_PAUSE_S = 0.25
# What is wrong with a row, and not with the database.
BAD_ROW = (ConstraintBroken, StatementFailed, ValueError, TypeError, RecursionError, msgspec.MsgspecError)

OnLost = Callable[[int, str], None]


class Recorder:
    """Takes rows at once and writes them soon. Make it within a running event loop, `start` it, `close` it."""

    def __init__(
        self, database: Database, *, on_lost: OnLost, rows_max: int = ROWS_MAX, characters_max: int = CHARACTERS_MAX
    ) -> None:
        self._database = database
        self._on_lost = on_lost
        self._rows_max = rows_max
        self._characters_max = characters_max
        self._waiting: deque[tuple[Interaction, int]] = deque()
        self._progress = Progress("What came before is not stored yet.")  # by completion id, weighed in characters
        self._arrived = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    @property
    def pending(self) -> int:
        """How many rows are on their way."""
        return len(self._progress)

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Write what is on its way, and end. What the database does not take any more is lost."""
        self._closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task
        self._lose([row for row, _ in self._waiting], "the gateway ends")
        self._waiting.clear()

    def require_room(self) -> None:
        """Unavailable while too much is on its way for another request to be taken on."""
        if len(self._progress) >= self._rows_max or self._progress.weight >= self._characters_max:
            raise Unavailable("Interactions cannot be stored as fast as they come.", retry_after_s=1)

    def put(self, rows: Sequence[Interaction]) -> None:
        """Take the rows of one answer."""
        if self._closing:
            self._on_lost(len(rows), "the gateway ends")
            return
        progress = self._progress
        if len(progress) >= 2 * self._rows_max or progress.weight >= 2 * self._characters_max:
            self._on_lost(len(rows), "too many are waiting to be stored")
            return
        characters = _characters(rows[0].messages) if rows else 0  # choices share their messages
        for row in rows:
            self._waiting.append((row, characters))
            progress.take(row.completion_id, characters)
            characters = 0
        self._arrived.set()

    async def settled(self, completion_id: str) -> None:
        """Return when that completion is not on its way any more; Unavailable when it takes too long."""
        await self._progress.ended(completion_id)

    async def all_settled(self) -> None:
        """Return when everything that was taken before is written; Unavailable when it takes too long."""
        await self._progress.all_ended()

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            if not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            batch = self._batch()
            if not await self._write(batch):
                return
            for _ in batch:
                self._waiting.popleft()
            self._progress.end([row.completion_id for row in batch])

    def _batch(self) -> list[Interaction]:
        """The rows at the front, as many as one transaction should hold."""
        batch: list[Interaction] = []
        characters = 0
        for row, size in self._waiting:
            characters += size
            if len(batch) >= BATCH_ROWS or (batch and characters > BATCH_CHARACTERS):
                break
            batch.append(row)
        return batch

    async def _write(self, rows: Sequence[Interaction]) -> bool:
        """Write rows however long it takes; False when the database is away and nobody waits for it any longer.

        A row that cannot be stored is lost alone.
        """
        while True:
            try:
                await self._database.write(lambda connection: _insert(connection, rows))
                return True
            except BAD_ROW as error:
                if len(rows) > 1:
                    return all([await self._write([row]) for row in rows])
                self._on_lost(1, f"it cannot be stored: {type(error).__name__}")  # its words may quote what it holds
                return True
            except Unavailable:
                if self._closing:
                    return False
                await asyncio.sleep(RETRY_PAUSE_S)

    def _lose(self, rows: Sequence[Interaction], reason: str) -> None:
        if rows:
            self._on_lost(len(rows), reason)
            self._progress.end([row.completion_id for row in rows])


def _insert(connection: Connection, rows: Sequence[Interaction]) -> None:
    for row in kept_rows(rows):
        store.insert(connection, row)


def _characters(messages: tuple[Message, ...]) -> int:
    """About how much memory the messages hold."""
    total = 0
    for message in messages:
        content = message.content
        if isinstance(content, str):
            total += len(content)
        else:
            total += sum(len(part.url if isinstance(part, Image) else part.text) for part in content or ())
    return total
