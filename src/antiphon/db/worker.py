"""A thread that serves works over one connection: what it does when the database fails, and how it comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from antiphon.clock import Clock
from antiphon.db.pending import RETRY_AFTER_S, Pending, WorkQueue, deliver
from antiphon.db.session import DatabaseFailed, Kind, Session
from antiphon.errors import Unavailable

ATTEMPTS_MAX = 3
RETRY_FOR_S = 1.5  # a server that restarts is back within a second or two
RETRY_PAUSE_S = 0.05
PROBE_EVERY_S = 0.25

UNAVAILABLE = "The database does not answer."
SLOW = "The database took too long over this."
DAMAGED = "The database is damaged: nothing is read or written before its operator has seen to it."
UNCONFIRMED = "The database did not confirm that this was stored."

WORKS_ON = frozenset({Kind.CONFLICT, Kind.SLOW})  # failures of some works, not of the connection

Attempt = Callable[[Session, Sequence[Pending]], None]
OnChange = Callable[[str | None], None]


class Worker:
    """Takes works from the queue, `group_max` at once, and attempts them; ends when the queue is finished.

    Works whose failure left nothing behind are attempted again: after a deadlock up to three times, after a lost
    connection until 1.5 s have passed. Works whose commit was not answered never are, since they may have been kept:
    drivers find out where they can, else the callers are told `write_unconfirmed`. When the database does not serve
    at all, the queue refuses works until a probe succeeds; `on_change` is told the reason, and None when it is over.
    Where it is damaged, no probe ever does.
    """

    def __init__(
        self,
        queue: WorkQueue,
        connect: Callable[[], Session],
        attempt: Attempt,
        *,
        group_max: int,
        name: str,
        clock: Clock,
        on_change: OnChange,
    ) -> None:
        self._queue = queue
        self._connect = connect
        self._attempt = attempt
        self._group_max = group_max
        self._clock = clock
        self._on_change = on_change
        self._session: Session | None = None
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def join(self) -> None:
        """Wait until the queue is finished."""
        self._thread.join()

    def _main(self) -> None:
        group: list[Pending] = []
        try:
            while not self._queue.finished:
                group = self._queue.take(self._group_max, idle_s=PROBE_EVERY_S)
                if group:
                    self._serve(group)
                    deliver(group)
                elif not self._queue.accepting:
                    self._probe()
        except BaseException:
            # Only a fault of our own comes here: nobody may wait for a thread that is gone.
            self._queue.close()
            self._queue.refuse(UNAVAILABLE)
            _fail(group, Kind.DOWN)
            deliver(group)
            raise
        finally:
            self._drop()

    def _serve(self, group: list[Pending]) -> None:
        """Bring the group to its end: each work has its own outcome, or all have the failure."""
        until = self._clock.monotonic() + RETRY_FOR_S
        conflicts = 0
        while True:
            try:
                self._attempt(self._open(), group)
                return
            except DatabaseFailed as failure:
                self._recover(failure.kind)
                conflicts += failure.kind is Kind.CONFLICT
                if not self._again(failure.kind, conflicts, until):
                    self._give_up(group, failure)
                    return

    def _again(self, kind: Kind, conflicts: int, until: float) -> bool:
        if kind is Kind.LOST:
            time.sleep(RETRY_PAUSE_S)
            return self._clock.monotonic() < until
        # Our own writers take turns, so two that met once do not meet again in step: no pause is needed.
        return kind is Kind.CONFLICT and conflicts < ATTEMPTS_MAX

    def _give_up(self, group: list[Pending], failure: DatabaseFailed) -> None:
        _fail(group, failure.kind)
        refusal = DAMAGED if failure.kind is Kind.DAMAGED else UNAVAILABLE
        if failure.kind not in WORKS_ON and self._queue.refuse(refusal):
            self._on_change(failure.reason)

    def _recover(self, kind: Kind) -> None:
        """Leave no transaction open; a connection that may be broken is not used again."""
        if kind not in WORKS_ON or self._session is None:
            self._drop()
            return
        try:
            self._session.rollback()
        except DatabaseFailed:
            self._drop()

    def _probe(self) -> None:
        try:
            self._open().probe()
        except DatabaseFailed:
            self._drop()
        else:
            if self._queue.accept():
                self._on_change(None)

    def _open(self) -> Session:
        if self._session is None:
            self._session = self._connect()
        return self._session

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _fail(group: Sequence[Pending], kind: Kind) -> None:
    for pending in group:
        pending.fail(_told(kind))  # an error of its own for each, since raising one marks it


def _told(kind: Kind) -> Unavailable:
    """What callers are told."""
    if kind is Kind.UNCONFIRMED:
        return Unavailable(UNCONFIRMED, code="write_unconfirmed", retry_after_s=RETRY_AFTER_S)
    message = {Kind.SLOW: SLOW, Kind.DAMAGED: DAMAGED}.get(kind, UNAVAILABLE)
    return Unavailable(message, retry_after_s=RETRY_AFTER_S)
