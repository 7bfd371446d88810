"""A database whose works run in threads: one that writes, a few that read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Literal

from antiphon.clock import Clock
from antiphon.db import T, Work
from antiphon.db.pending import Pending, WorkQueue
from antiphon.db.session import Driver, Use
from antiphon.db.transactions import GROUP_MAX, commit_together, read_each
from antiphon.db.worker import Worker

QUEUE_MAX = 2048  # works that wait, for reading and for writing each

OnChange = Callable[[Literal["reads", "writes"], str | None], None]


class ThreadedDatabase:
    """Serves works with a driver's connections. Its threads start at once, and end with `close`.

    `on_change` is called in one of them when reads or writes begin to be refused, with the reason, and with None when
    that is over.
    """

    def __init__(self, driver: Driver, *, clock: Clock, on_change: OnChange) -> None:
        self._reads = WorkQueue(QUEUE_MAX)
        self._writes = WorkQueue(QUEUE_MAX)
        read = partial(
            Worker,
            self._reads,
            partial(driver.connect, Use.READ),
            read_each,
            group_max=1,
            clock=clock,
            on_change=partial(on_change, "reads"),
        )
        write = partial(
            Worker,
            self._writes,
            partial(driver.connect, Use.WRITE),
            commit_together,
            group_max=GROUP_MAX,
            clock=clock,
            on_change=partial(on_change, "writes"),
        )
        readers = [read(name=f"database-reader-{number}") for number in range(driver.readers)]
        self._workers = [write(name="database-writer"), *readers]
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
