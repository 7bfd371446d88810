"""The gateway's end of a simulated node's answer: deltas as they arrive, no better behaved than they must be."""

from __future__ import annotations

import asyncio
from typing import Protocol

from antiphon.chat import Delta, Usage
from antiphon.engines import Job, Take
from antiphon.errors import AntiphonError
from antiphon.simulation import language
from antiphon.simulation.attempts import Attempt
from antiphon.simulation.faults import JobFault
from antiphon.simulation.language import Answer, Language


class Server(Protocol):
    """The node that serves a stream."""

    name: str

    def left(self, stream: NodeStream) -> None:
        """The gateway has closed its end."""
        ...


class NodeStream:
    """Deltas of one job. `deliver`, `finish` and `fail` are the node's, the rest is a DeltaStream."""

    def __init__(self, server: Server, job: Job, attempt: Attempt, answer: Answer, prompt: bytes) -> None:
        self.job = job
        self.attempt = attempt
        self.answer = answer
        self.prompt = prompt
        self.fault: JobFault | None = None
        self.plain = False  # it is read to its end before any of it is handed on
        self.over = False  # for the node: nothing is left to do
        self.closed = False
        self.usage: Usage | None = None
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._told: Usage | None = None
        self._arrived: list[Delta] = []
        self._failure: AntiphonError | None = None
        self._ended = False
        self._waiter: asyncio.Future[None] | None = None
        self._take: Take | None = None

    async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
        """As DeltaStream.next."""
        if not (self._arrived or self._ended or self._failure):
            await self._wait(until, take)
        if self._arrived:
            arrived, self._arrived = self._arrived, []
            return arrived
        if self._failure is not None:
            raise self._failure
        if self._ended:
            self.usage = self._told
            return []
        return None

    async def _wait(self, until: float, take: Take | None) -> None:
        self._take = take
        waiter = self._waiter = self._loop.create_future()
        timer = self._loop.call_at(until, self._wake)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def deliver(self, deltas: list[Delta]) -> None:
        """Deltas have arrived: straight into the hands of whoever waits with a `take`, else kept."""
        self.attempt.signed_at = self._loop.time()
        self.attempt.sent_tokens += len(deltas)
        waits = self._waiter is not None and not self._waiter.done()
        if not waits or self._take is None:
            self._arrived += deltas
            self._wake()
            return
        try:
            if not self._take(deltas):
                self._wake()
        except AntiphonError as error:
            self.fail(error)

    def late(self, deltas: list[Delta]) -> None:
        """Deltas after the gateway has closed its end: a careless engine hands them on nevertheless."""
        if self._take is not None:
            self._take(deltas)

    def finish(self, usage: Usage | None) -> None:
        """All has arrived."""
        self._ended = True
        self._told = usage
        self._wake()

    def fail(self, error: AntiphonError) -> None:
        """It has broken, behind what has arrived."""
        self._failure = error
        self._wake()

    def close(self) -> None:
        """End it."""
        if not self.closed:
            self.closed = True
            self._server.left(self)


def opened(server: Server, job: Job, spoken: Language, *, number: int, now: float) -> NodeStream:
    """The stream of a job, with all that will be said if nothing happens."""
    prompt, begun = language.split(job.messages)
    text = language.written(prompt)
    answer = spoken.answer(job.messages, job.sampling, document=job.response_format.kind != "text")
    attempt = Attempt(
        number=number,
        request=job.user or "",
        node=server.name,
        opened_at=now,
        max_tokens=job.sampling.max_tokens,
        prompt_tokens=language.prompt_tokens(text, len(prompt)) + answer.begun,
        begun_tokens=answer.begun,
        signed_at=now,
    )
    return NodeStream(server, job, attempt, answer, text + begun.encode())
