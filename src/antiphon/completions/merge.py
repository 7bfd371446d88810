"""Several choices of one request as one stream: what comes first is handed on first."""

from __future__ import annotations

import asyncio
from collections import deque

from antiphon.chat import Delta, Usage
from antiphon.completions.generate import ChoiceStream
from antiphon.credits.receipt import Served
from antiphon.engines import Take


class MergedStream:
    """Reads `at_once` choices, each in a task of its own; the first failure ends all of them.

    `choices` answer so many `prompts`, as many each.
    """

    def __init__(
        self, choices: list[ChoiceStream], *, heartbeat_s: float, prompts: int = 1, at_once: int | None = None
    ) -> None:
        self._choices = choices
        self._waiting = deque(choices[at_once:] if at_once else ())
        self._prompts = prompts
        self._heartbeat_s = heartbeat_s
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[list[Delta] | None] = asyncio.Queue(maxsize=64)
        self._failure: BaseException | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._left = len(choices)

    async def start(self) -> None:
        """Reach engines for all choices that need not wait, then read them."""
        first = self._choices[: len(self._choices) - len(self._waiting)]
        for choice in first:
            await choice.start()
        self._tasks = [self._loop.create_task(self._read_on(choice)) for choice in first]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    async def _read_on(self, choice: ChoiceStream) -> None:
        """Read a choice, then those that wait for a place."""
        await self._read(choice)
        while self._waiting:
            choice.close()
            choice = self._waiting.popleft()
            await choice.start_late()
            await self._read(choice)

    async def _read(self, choice: ChoiceStream) -> None:
        while (deltas := await choice.next()) != []:
            if deltas:
                await self._arrived.put(deltas)
        await self._arrived.put(None)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Keep a failure for the reader, and wake it: a full queue wakes it by itself."""
        if task.cancelled() or task.exception() is None:
            return
        self._failure = self._failure or task.exception()
        if not self._arrived.full():
            self._arrived.put_nowait([])

    async def next(self, take: Take | None = None) -> list[Delta] | None:  # noqa: ARG002 - it has a queue
        """As ChoiceStream.next, for all choices together."""
        until = self._loop.time() + self._heartbeat_s
        while self._left:
            if self._failure is not None and self._arrived.empty():
                raise self._failure  # after all that the other choices had said before
            try:
                async with asyncio.timeout_at(until):
                    deltas = await self._arrived.get()
            except TimeoutError:
                return None
            if deltas:
                return deltas
            self._left -= deltas is None  # an empty list only wakes
        return []

    @property
    def complete(self) -> bool:
        """Whether every choice came to its end."""
        return all(choice.complete for choice in self._choices)

    @property
    def node(self) -> str:
        """The node of the first choice."""
        return self._choices[0].node

    @property
    def served(self) -> tuple[Served, ...]:
        """Who said how much, choice by choice."""
        return tuple(served for choice in self._choices for served in choice.served)

    @property
    def tokens(self) -> int:
        """Deltas seen so far, all choices together."""
        return sum(choice.tokens for choice in self._choices)

    @property
    def first_token_at(self) -> float | None:
        """When the first token of any choice came."""
        return min((at for choice in self._choices if (at := choice.first_token_at) is not None), default=None)

    @property
    def usages(self) -> tuple[Usage, ...]:
        """Of each choice."""
        return tuple(usage for choice in self._choices for usage in choice.usages)

    @property
    def usage(self) -> Usage | None:
        """Completion tokens of all choices; prompt tokens once a prompt."""
        usages = [choice.usage for choice in self._choices if choice.usage is not None]
        if len(usages) != len(self._choices):
            return None
        size = len(usages) // self._prompts
        return added([total(usages[first : first + size]) for first in range(0, len(usages), size)])

    def close(self) -> None:
        """End all choices."""
        for task in self._tasks:
            task.cancel()
        for choice in self._choices:
            choice.close()


def total(usages: list[Usage]) -> Usage:
    """The usage of choices to one prompt that were generated one by one: the prompt counts once."""
    return Usage(
        prompt_tokens=max(usage.prompt_tokens for usage in usages),
        completion_tokens=sum(usage.completion_tokens for usage in usages),
        cached_tokens=usages[0].cached_tokens,
        reasoning_tokens=sum(usage.reasoning_tokens for usage in usages),
        image_tokens=usages[0].image_tokens,
    )


def added(usages: list[Usage]) -> Usage:
    """The usage of several prompts."""
    return Usage(
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        completion_tokens=sum(usage.completion_tokens for usage in usages),
        cached_tokens=sum(usage.cached_tokens for usage in usages),
        reasoning_tokens=sum(usage.reasoning_tokens for usage in usages),
        image_tokens=sum(usage.image_tokens for usage in usages),
    )
