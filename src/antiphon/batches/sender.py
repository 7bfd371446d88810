"""Sends the requests of one batch, a few at once, each only while nobody else waits; keeps each answer, then charges.

An answer is charged when its row is in the database, and only by whoever wrote it: a gateway that is killed before has
charged nothing, and one that takes over sends no request again that has its row.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from msgspec import Struct

from antiphon.batches import store
from antiphon.batches.files import Files
from antiphon.batches.lines import Line, answered, numbered, read
from antiphon.batches.model import Batch
from antiphon.db import Connection, Database
from antiphon.errors import Unavailable
from antiphon.ids import Ids

BUSY = (429, 503)  # asked again until the window closes
FAILED = (500, 502, 504)  # asked again a few times
TRIES_MAX = 3
PAUSE_S = 0.05
RETRY_S = 1.0
RETRY_S_MAX = 30.0
GOOD = 200


class Answered(Struct, frozen=True):
    """What came of a request. `conclude` is told whether it stands: what does not is not charged."""

    status: int
    request_id: str
    body: bytes
    conclude: Callable[[bool], None]
    retry_after_s: int | None = None


Answer = Callable[[Batch, Line], Awaitable[Answered]]


class Sender:
    """The requests of all batches that this gateway is at work on. `quiet` says whether nobody else is waiting."""

    def __init__(
        self, database: Database, files: Files, answer: Answer, *, parallel: int, quiet: Callable[[], bool], ids: Ids
    ) -> None:
        self._database = database
        self._files = files
        self._answer = answer
        self._parallel = parallel
        self._room = asyncio.Semaphore(parallel)
        self._quiet = quiet
        self._ids = ids

    async def send(self, batch: Batch) -> None:
        """Return when every request has its answer; whatever is under way when this is cancelled comes to nothing."""
        lines, turn = self.lines(batch), asyncio.Lock()

        async def work() -> None:
            while (line := await _next(lines, turn)) is not None:
                await self._send(batch, line)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._parallel):
                group.create_task(work())

    async def lines(self, batch: Batch) -> AsyncIterator[Line]:
        """The requests that have no answer yet."""
        first = 0
        async for piece in self._files.uploaded(batch.input_file_id):
            found = numbered(piece, first)
            if not found:
                continue
            begin, first = first, first + len(found)
            done = await self._database.read(_answered(batch.id, begin, first - 1))
            for number, text in found:
                line = None if number in done else read(number, text, batch.endpoint)
                if isinstance(line, Line):
                    yield line

    async def keep(self, batch: Batch, line: Line, content: str, *, good: bool) -> bool:
        """Keep an answer, however long that takes; whether it is the one that stands."""

        def work(connection: Connection) -> bool:
            return store.answer(connection, batch.id, line.number, content, good=good)

        while True:
            try:
                return await self._database.write(work)
            except Unavailable:
                await asyncio.sleep(RETRY_S)

    async def _send(self, batch: Batch, line: Line) -> None:
        tries = 0
        while True:
            async with self._room:  # which a request gives up while it waits to be tried again
                while not self._quiet():  # noqa: ASYNC110 - nobody tells when
                    await asyncio.sleep(PAUSE_S)
                got = await self._answer(batch, line)
            tries += got.status in FAILED
            if got.status not in BUSY and (got.status not in FAILED or tries >= TRIES_MAX):
                break
            got.conclude(False)
            await asyncio.sleep(min(got.retry_after_s or RETRY_S, RETRY_S_MAX))
        stands = False
        try:
            content = answered(self._ids.make("batch_req_"), line, got.status, got.request_id, got.body)
            stands = await self.keep(batch, line, content, good=got.status == GOOD)
        finally:
            got.conclude(stands)


async def _next(lines: AsyncIterator[Line], turn: asyncio.Lock) -> Line | None:
    """The next request, for one of several that take them; None behind the last."""
    async with turn:
        return await anext(lines, None)


def _answered(batch_id: str, first: int, last: int) -> Callable[[Connection], set[int]]:
    return lambda connection: store.answered(connection, batch_id, first, last)
