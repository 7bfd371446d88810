"""An answer over the link as a stream of deltas, handed on without waking a task where that can be done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from antiphon.chat import Delta, Usage
from antiphon.engines import Take
from antiphon.engines.receipt import AnswerDigest
from antiphon.errors import AntiphonError, EngineFailed
from antiphon.link.attempt import Attempt
from antiphon.link.frames import End

# Told of a finished answer: its digest as it arrived, and the frame that ended it.
OnEnd = Callable[[str, End], None]


class RemoteStream:
    """A stream of deltas. It ends well only after a finish_reason: a node that says no more has not finished."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, close: Callable[[Attempt], None], *, on_end: OnEnd | None = None
    ) -> None:
        self.usage: Usage | None = None
        self._loop = loop
        self._close = close
        self._on_end = on_end
        self._digest = None if on_end is None else AnswerDigest()
        self._attempt: Attempt | None = None
        self._pending: list[Delta] = []
        self._frames = 0
        self._finished = False
        self._done = False
        self._failure: AntiphonError | None = None
        self._waiter: asyncio.Future[list[Delta] | None] | None = None
        self._take: Take | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0

    def reads(self, attempt: Attempt) -> None:
        """The attempt whose answer this is."""
        self._attempt = attempt

    async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
        """As DeltaStream.next; None may come early, since the timer is moved as seldom as possible.

        A node that was cut off behind its finish did finish, but whoever asks again is told that it says no more.
        """
        if self._finished and self._failure is not None and not (self._done or self._pending):
            raise self._failure
        self._arm(until)
        deltas = self._poll()
        if deltas is None and self._timer is not None:
            self._take = take
            self._waiter = self._loop.create_future()
            try:
                deltas = await self._waiter
            finally:
                self._waiter = self._take = None
            if deltas is None:
                deltas = self._poll()
        return deltas

    def _poll(self) -> list[Delta] | None:
        """The deltas that have arrived, [] at the end, None when there are none yet."""
        if self._pending:
            deltas, self._pending = self._pending, []
            frames, self._frames = self._frames, 0
            if self._attempt is not None:
                self._attempt.read(frames)
            return deltas
        if self._failure is not None and not self._finished:
            raise self._failure
        if not (self._done or self._failure):
            return None
        if not self._finished:
            raise EngineFailed("The node ended its answer without finishing it.")
        return []

    def deltas(self, deltas: list[Delta]) -> None:
        """Hand on what arrived while `next` waits, keep it while it does not; called by the link."""
        if self._finished:
            return
        if deltas and (deltas[-1].finish_reason is not None or len(deltas) > 1):
            deltas = self._cut(deltas)
        if self._digest is not None:
            self._digest.see(deltas)
        take, waiter = self._take, self._waiter
        if take is not None and waiter is not None and not waiter.done() and not self._pending:
            self._hand(deltas, take, waiter)
            return
        self._pending += deltas
        self._frames += 1
        self._wake()

    def _hand(self, deltas: list[Delta], take: Take, waiter: asyncio.Future[list[Delta] | None]) -> None:
        try:
            if deltas and not take(deltas):
                self._take = None
                waiter.set_result(None)
        except Exception as error:  # noqa: BLE001 - whatever it was, the waiting task is the one to be told
            self._take = None
            waiter.set_exception(error)
        if self._attempt is not None:
            self._attempt.read(1)

    def _cut(self, deltas: list[Delta]) -> list[Delta]:
        """Nothing comes after the finish reason, whatever the node says."""
        for number, delta in enumerate(deltas, 1):
            if delta.finish_reason is not None:
                self._finished = True
                return deltas[:number]
        return deltas

    def piece(self, data: bytes) -> None:
        """A stream has no pieces; called by the link."""
        del data
        self.failed(EngineFailed("The node's answer is not what it should be."))

    def ended(self, end: End) -> None:
        """Let `next` see that it is complete; called by the link."""
        self.usage = end.usage
        self._done = True
        if self._finished and self._on_end is not None and self._digest is not None:
            self._on_end(self._digest.sha256, end)
        self._wake()

    def failed(self, error: AntiphonError) -> None:
        """Let `next` raise it, after the deltas before it; called by the link."""
        self._failure = error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _arm(self, until: float) -> None:
        """One timer a stream, moved only when it would ring too late: most calls cost nothing."""
        if self._timer is not None:
            if self._rings_at <= until:
                return
            self._timer.cancel()
        self._rings_at = until
        self._timer = self._loop.call_at(until, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._wake()

    def close(self) -> None:
        """End it; an unfinished node stops."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._attempt is not None:
            self._close(self._attempt)
