"""Works on their way from event loops to database threads: a bounded queue that refuses while nobody can serve."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from antiphon.db import Work
from antiphon.db.session import DatabaseFailed, Session
from antiphon.errors import Unavailable

RETRY_AFTER_S = 2  # so that a client which comes again twice outlasts the restart of a server


class Pending:
    """One work, and the future of the caller that waits for it."""

    __slots__ = ("_error", "_future", "_result", "_work")

    def __init__(self, work: Work[Any], future: asyncio.Future[Any]) -> None:  # Any: a work returns what it likes
        self._work = work
        self._future = future
        self._result: Any = None
        self._error: Exception | None = None

    @property
    def abandoned(self) -> bool:
        """Whether nobody waits any more."""
        return self._future.cancelled()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of the caller."""
        return self._future.get_loop()

    def run(self, session: Session) -> bool:
        """Whether the work succeeded; what it returned or raised is kept for the caller. DatabaseFailed passes."""
        self._result = self._error = None
        try:
            self._result = self._work(session)
            if session.failure is not None:
                raise session.failure  # the work kept it to itself, but what came before it is undone
        except DatabaseFailed:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a work raises is for its caller
            self._error = error
        return self._error is None

    def fail(self, error: Exception) -> None:
        """Keep `error` for the caller in place of the work's own outcome."""
        self._result, self._error = None, error

    def deliver(self) -> None:
        """Tell the caller; within its event loop."""
        if self._future.done():
            return
        if self._error is None:
            self._future.set_result(self._result)
        else:
            self._future.set_exception(self._error)


def deliver(group: Sequence[Pending]) -> None:
    """Tell all callers, with one wake-up for each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Pending]] = {}
    for pending in group:
        by_loop.setdefault(pending.loop, []).append(pending)
    for loop, own in by_loop.items():
        with contextlib.suppress(RuntimeError):  # a loop that was closed has nobody waiting
            loop.call_soon_threadsafe(_deliver, own)


def _deliver(group: Sequence[Pending]) -> None:
    for pending in group:
        pending.deliver()


class WorkQueue:
    """Works that wait for a thread; `size_max` at most. While it refuses, works fail at once with the reason."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._waiting: deque[Pending] = deque()
        self._changed = threading.Condition()
        self._refusal: str | None = None
        self._closed = False

    @property
    def accepting(self) -> bool:
        """Whether works are taken."""
        return self._refusal is None and not self._closed

    @property
    def finished(self) -> bool:
        """Whether no work is left and none will come."""
        return self._closed and not self._waiting

    def put(self, pending: Pending) -> None:
        """Line up; Unavailable when the queue is closed, full or refusing."""
        with self._changed:
            if self._closed:
                raise Unavailable("The database is closed.")
            if self._refusal is not None:
                raise Unavailable(self._refusal, retry_after_s=RETRY_AFTER_S)
            if len(self._waiting) >= self._size_max:
                raise Unavailable("The database has too many requests to serve.", retry_after_s=RETRY_AFTER_S)
            self._waiting.append(pending)
            self._changed.notify()

    def take(self, most: int, *, idle_s: float) -> list[Pending]:
        """The works at the front, `most` at most, but for those that nobody waits for.

        None when the queue is finished, or refuses works and `idle_s` passed.
        """
        with self._changed:
            while not self._waiting and not self._closed:
                refusing = self._refusal is not None
                if not self._changed.wait(idle_s if refusing else None) and refusing:
                    break
            taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        return [pending for pending in taken if not pending.abandoned]

    def refuse(self, message: str) -> bool:
        """Fail the works that wait, and those that come until `accept`, as Unavailable; whether that is new."""
        with self._changed:
            new = self._refusal is None
            self._refusal = message
            failed, self._waiting = list(self._waiting), deque()
            self._changed.notify_all()
        for pending in failed:
            pending.fail(Unavailable(message, retry_after_s=RETRY_AFTER_S))
        deliver(failed)
        return new

    def accept(self) -> bool:
        """Take works again; whether that is new."""
        with self._changed:
            new = self._refusal is not None
            self._refusal = None
        return new

    def close(self) -> None:
        """Take no more works; those that wait are still served."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
