"""A database whose works run in threads: one that writes, a few that read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from antiphon.clock import Clock
from antiphon.db import T, Work
from antiphon.db.pending import Pending, WorkQueue
from antiphon.db.session import Driver, Use
from antiphon.db.transactions import GROUP_MAX, commit_together, read_each
from antiphon.db.worker import Worker

QUEUE_MAX = 2048  # works that wait, for reading and for writing each


class ThreadedDatabase:
    """Serves works with a driver's connections. Its threads start at once, and end with `close`."""

    def __init__(self, driver: Driver, *, clock: Clock, on_change: Callable[[str | None], None]) -> None:
        self._reads = WorkQueue(QUEUE_MAX)
        self._writes = WorkQueue(QUEUE_MAX)
        worker = partial(Worker, clock=clock, on_change=on_change)
        read = partial(worker, self._reads, partial(driver.connect, Use.READ), read_each, group_max=1)
        write = partial(worker, self._writes, partial(driver.connect, Use.WRITE), commit_together, group_max=GROUP_MAX)
        self._workers = [
            write(name="database-writer"),
            *(read(name=f"database-reader-{number}") for number in range(driver.readers)),
        ]
        for each in self._workers:
            each.start()

    @property
    def healthy(self) -> bool:
        """Whether works are taken, those that read and those that write."""
        return self._reads.accepting and self._writes.accepting

    async def read(self, work: Work[T]) -> T:
        """What `work` returns, from one snapshot."""
        return await _queued(work, self._reads)

    async def write(self, work: Work[T]) -> T:
        """What `work` returns, after its durable commit."""
        return await _queued(work, self._writes)

    async def close(self) -> None:
        """Finish the works that wait, take no more, end the threads."""
        self._reads.close()
        self._writes.close()
        for worker in self._workers:
            await asyncio.to_thread(worker.join)


async def _queued(work: Work[T], queue: WorkQueue) -> T:
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    queue.put(Pending(work, future))
    return await future
