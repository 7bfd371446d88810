"""A database whose works run in threads: one that writes, a few that read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct

from antiphon.clock import Clock, SystemClock
from antiphon.db import T, Work
from antiphon.db.pending import Pending, WorkQueue
from antiphon.db.session import Session
from antiphon.db.transactions import GROUP_MAX, commit_together, read_each
from antiphon.db.worker import Worker

READERS = 2
QUEUE_MAX = 2048

OnChange = Callable[[str | None], None]  # why works are refused; None when they are taken again


def unheard(reason: str | None) -> None:
    """For a database whose failures nobody follows."""
    del reason


class Driver(Struct, frozen=True):
    """How a database is reached; each function opens a connection, and may raise DatabaseFailed."""

    connect_writer: Callable[[], Session]
    connect_reader: Callable[[], Session]


class ThreadedDatabase:
    """Serves works with a driver's connections. Its threads start at once, and end with `close`."""

    def __init__(
        self,
        driver: Driver,
        *,
        clock: Clock | None = None,
        on_change: OnChange = unheard,
        readers: int = READERS,
        queue_max: int = QUEUE_MAX,
    ) -> None:
        clock = clock or SystemClock()
        self._reads = WorkQueue(queue_max)
        self._writes = WorkQueue(queue_max)
        self._workers = [
            Worker(
                self._writes,
                driver.connect_writer,
                commit_together,
                group_max=GROUP_MAX,
                name="database-writer",
                clock=clock,
                on_change=on_change,
            ),
            *(
                Worker(
                    self._reads,
                    driver.connect_reader,
                    read_each,
                    group_max=1,
                    name=f"database-reader-{number}",
                    clock=clock,
                    on_change=on_change,
                )
                for number in range(readers)
            ),
        ]
        for worker in self._workers:
            worker.start()

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
