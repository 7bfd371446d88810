"""Answers each request that has an Idempotency-Key once, however often it comes. No handler knows of it.

The handler runs in a task of its own, and what it answers is read by all who ask. It goes on when its client leaves, so
that the client may come back; meanwhile the request keeps its place among the requests of its key, and whatever bounds
those bounds it: the time that it may take, how many there may be at once, the end of the key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from antiphon.errors import AnswerNotKept, AntiphonError, Unavailable
from antiphon.http.exchange import ClientGone, Exchange
from antiphon.idempotency.answer import Answer, Room
from antiphon.idempotency.claims import Claims
from antiphon.idempotency.recording import Recording
from antiphon.idempotency.relay import relay
from antiphon.idempotency.request import HEADER, Asked, read
from antiphon.idempotency.seal import Kept

Handler = Callable[[Exchange], Awaitable[None]]


class Once:
    """All keyed requests of one gateway. `close` it before what its handlers need."""

    def __init__(self, claims: Claims, *, answer_bytes_max: int, memory_bytes_max: int, drain_s: float) -> None:
        self._claims = claims
        self._answer_bytes_max = answer_bytes_max
        self._room = Room(memory_bytes_max)
        self._drain_s = drain_s
        self._answers: dict[Asked, Answer] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def wrap(self, handler: Handler) -> Handler:
        """The handler, once for each key; a request without one goes straight to it."""

        def answer(exchange: Exchange) -> Awaitable[None]:
            return self._keyed(handler, exchange) if HEADER in exchange.headers else handler(exchange)

        return answer

    async def close(self) -> None:
        """Let what is under way come to its end, for a while, then break it off."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._drain_s)
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._claims.close()

    async def _keyed(self, handler: Handler, exchange: Exchange) -> None:
        body = await exchange.body()
        asked = read(exchange, body)
        answer = self._answers.get(asked)
        if answer is not None:
            if not answer.kept:
                raise AnswerNotKept
            await relay(exchange, answer, replayed=True)
            return
        if self._closing:
            raise Unavailable("The gateway ends.", retry_after_s=1)
        answer = Answer(bytes_max=self._answer_bytes_max, room=self._room)
        self._answers[asked] = answer
        making = self._make(asked, answer, handler, Recording(exchange, body, answer))
        task = asyncio.get_running_loop().create_task(making)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await _stay(exchange, answer, task)

    async def _make(self, asked: Asked, answer: Answer, handler: Handler, recording: Recording) -> None:
        """Find the answer or make it. What goes wrong is the answer's failure; only what should not be is raised."""
        try:
            kept = await self._claims.claim(asked)
            if kept is not None:
                answer.replayed = True
                answer.begin(kept.status, kept.headers)
                answer.end(kept.body)
            else:
                await self._answer(asked, answer, handler, recording)
        except AntiphonError as error:
            answer.end(failure=error)
        finally:
            del self._answers[asked]
            answer.close()
            if not answer.ended:
                self._claims.owe(asked)
                answer.end(failure=Unavailable("The answer was broken off.", retry_after_s=1))

    async def _answer(self, asked: Asked, answer: Answer, handler: Handler, recording: Recording) -> None:
        """Make the answer, and keep it before its last piece is given: who has a whole one can have it again."""
        stands = False
        try:
            await handler(recording)
            stands = await self._kept(asked, answer, recording)
            if not answer.status:
                answer.begin(recording.status, recording.answer_headers)
            answer.end(recording.last)
        except ClientGone:  # it is too large to be kept, and nobody reads it any more
            stands = await self._claims.drop(asked)
            answer.end(failure=Unavailable("The answer was broken off.", retry_after_s=1))
        except AntiphonError:
            await self._claims.let_go(asked)
            raise
        finally:
            recording.concluded(stands=stands)

    async def _kept(self, asked: Asked, answer: Answer, recording: Recording) -> bool:
        """Keep what there is to keep of an answer; whether nobody will ever be answered anew."""
        if not recording.whole:
            await self._claims.let_go(asked)
            return False
        if not answer.fits(recording.last):
            return await self._claims.drop(asked)
        body = answer.body + recording.last
        return await self._claims.keep(asked, Kept(recording.status, recording.answer_headers, body))


async def _stay(exchange: Exchange, answer: Answer, task: asyncio.Task[None]) -> None:
    """Give the client its answer, and stay until it is made, also when the client has left."""
    try:
        await relay(exchange, answer)
    except AntiphonError:
        _raise_fault(task)
        raise
    except asyncio.CancelledError:
        own = asyncio.current_task()
        assert own is not None, "a request is served in a task"
        if not exchange.gone or own.cancelling() > 1:
            task.cancel()
            raise
        own.uncancel()
        await _outlast(task)
        raise ClientGone from None
    _raise_fault(task)


async def _outlast(task: asyncio.Task[None]) -> None:
    """Return when the answer is made; whoever ends this request meanwhile ends it too."""
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        raise


def _raise_fault(task: asyncio.Task[None]) -> None:
    """Raise what the handler raised and should not have, so that it is logged where all such faults are."""
    if task.done() and not task.cancelled() and (fault := task.exception()) is not None:
        raise fault
