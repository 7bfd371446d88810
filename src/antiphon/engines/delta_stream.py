"""An engine's answer over HTTP as a stream of deltas, handed on without waking a task where that can be done."""

from __future__ import annotations

import asyncio

from antiphon.chat import Delta, Usage
from antiphon.engines import Take
from antiphon.engines.delta_reader import DeltaReader
from antiphon.engines.refusals import ERROR_BYTES_MAX, failure, refusal
from antiphon.errors import EngineFailed
from antiphon.http.client import Answer
from antiphon.http.origin import ClientError

DONE_GRACE_S = 0.5  # after [DONE] the connection's own end is due at once; then it can be used again


class HttpDeltaStream:
    """A stream of deltas over one answer. It ends well only after a finish_reason: a clean end is no success."""

    def __init__(self, answer: Answer, loop: asyncio.AbstractEventLoop, reader: DeltaReader, *, param: str) -> None:
        self._answer = answer
        self._loop = loop
        self._reader = reader
        self._param = param
        self._admitted = False
        self._waiter: asyncio.Future[list[Delta] | None] | None = None
        self._take: Take | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0

    @property
    def usage(self) -> Usage | None:
        """What the engine says it took, once it said so."""
        return self._reader.usage

    async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
        """As DeltaStream.next; None may come early, since the timer is moved as seldom as possible.

        An engine that breaks off behind its finish did finish, but whoever asks again is told that it says no more.
        """
        if self._reader.cut:
            return []
        had_finished = self._reader.finished
        done = self._reader.done
        self._arm(min(until, self._loop.time() + DONE_GRACE_S) if done else until)
        try:
            if not self._admitted and not await self._admit():
                return None
            deltas = self._poll()
            if deltas is None and self._timer is not None:
                deltas = await self._follow(take) or self._poll()
        except ClientError as error:
            if self._reader.finished and not (had_finished and self.usage is None):
                return []
            raise failure(error) from error
        if self._reader.cut:
            self._answer.close()  # the engine knows nothing of the stop text
        if deltas or (deltas is None and not self._reader.done):
            return deltas
        if not self._reader.finished:
            raise EngineFailed("The engine ended its answer without finishing it.")
        return []

    def _poll(self) -> list[Delta] | None:
        """The deltas in what has arrived, [] at the end, None when there are none yet."""
        if self._reader.failure is not None:
            raise self._reader.failure
        while data := self._answer.poll():
            deltas = self._reader.feed(data)
            if deltas:
                return deltas
        return None if data is None else []

    async def _follow(self, take: Take | None) -> list[Delta] | None:
        """Wait for deltas that are not taken; None for anything else that `next` must see to."""
        self._take = take
        self._waiter = self._loop.create_future()
        self._answer.follow(self)
        try:
            return await self._waiter
        finally:
            self._answer.follow(None)

    def arrived(self, data: bytes) -> None:
        """Hand on what arrived while `next` waits; called by the engine's connection."""
        take = self._take
        try:
            deltas = self._reader.feed(data)
            if deltas and (take is None or not take(deltas) or self._reader.failure is not None):
                self._wake(deltas if take is None else None)
        except Exception as error:  # noqa: BLE001 - whatever it was, the waiting task is the one to be told
            self._wake(error)

    def ended(self) -> None:
        """Let `next` see how it ended; called by the engine's connection."""
        self._wake(None)

    def _wake(self, result: list[Delta] | Exception | None) -> None:
        """Let a waiting `next` go on. What arrives before its task's turn comes is kept by the connection."""
        self._answer.follow(None)
        if self._waiter is None or self._waiter.done():
            return
        if isinstance(result, Exception):
            self._waiter.set_exception(result)
        else:
            self._waiter.set_result(result)

    async def _admit(self) -> bool:
        """Read the head: True for a stream, False when woken before it came; raises the engine's refusal."""
        answer = self._answer
        if not await answer.head():
            return False
        if answer.status != 200:
            body = await answer.read(bytes_max=ERROR_BYTES_MAX)
            raise refusal(answer.status, answer.headers, body, self._param)
        if b"event-stream" not in answer.headers.get(b"content-type", b""):
            raise EngineFailed("The engine did not answer with a stream.")
        self._admitted = True
        return True

    def _arm(self, until: float) -> None:
        """One timer a stream, moved only when it would ring too late: most calls cost nothing."""
        if self._timer is not None:
            if self._rings_at <= until:
                return
            self._timer.cancel()
        self._rings_at = until
        self._timer = self._loop.call_at(until, self._ring)

    def _ring(self) -> None:
        """Uvloop may ring a little early, so that the handle's own time does not tell whether it has rung."""
        self._timer = None
        self._answer.wake()  # while the head is awaited
        self._wake(None)

    def close(self) -> None:
        """End it; an unfinished engine sees its connection close and stops."""
        if self._timer is not None:
            self._timer.cancel()
        self._answer.close()
