"""One attempt at one choice: a job with a name and a deadline, sent to one engine, and the stream of what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

import msgspec

from antiphon.chat import Delta, Usage
from antiphon.completions.budget import BudgetedStream
from antiphon.completions.continuation import Way, continued, thinks_on
from antiphon.completions.filtered import FilteredStream
from antiphon.completions.plan import Plan, job, traced
from antiphon.completions.replay import Diverged, Replay
from antiphon.completions.thought_splitter import ThoughtSplitter
from antiphon.completions.transcript import Transcript
from antiphon.course import Way as Reason
from antiphon.engines import DeltaStream, Job, Take
from antiphon.errors import AntiphonError, BadRequest, EngineFailed
from antiphon.ids import Ids
from antiphon.models.catalogue import Offer

USAGE_S_MAX = 1.0  # behind the end of an answer
COUNT_S_MAX = 2.0  # for an engine to count a prompt
CHARACTERS_INLINE = 10_000  # the remainder of a grammar after more may take longer than a loop should wait

Rest = Literal["told", "late", "broken"]  # of what an engine says behind the end of an answer


class Attempts:
    """Opens streams for choice `index`, from its start or behind what it has said. Raises what the engine raises."""

    def __init__(self, plan: Plan, index: int, ids: Ids) -> None:
        self._plan = plan
        self._index = index
        self._ids = ids
        self._loop = asyncio.get_running_loop()
        self.name = ""  # of the latest attempt
        self.failed = False  # the latest engine that was asked how long the prompt is

    async def begin(self, offer: Offer, why: Reason = "first") -> DeltaStream:
        """From the start; `why` it is asked."""
        left_s = self._begun(offer, why)
        asked = job(self._plan, offer, self._index, attempt=self.name, deadline_s=left_s)
        if self._plan.caller.trace is not None:
            asked = traced(self._plan, asked)
        stream = await offer.engine.open(asked)
        thought, thinking = offer.thought, self._plan.thinking
        if thought is None or thought.bounded_by != "gateway" or thinking is None or thinking.tokens_max is None:
            return stream
        return BudgetedStream(offer.engine, asked, stream, thought, thinking.tokens_max)

    async def go_on(
        self, offer: Offer, way: Way, said: Transcript, *, spent: int, heard: Callable[[], None]
    ) -> DeltaStream:
        """Behind what was said, `spent` tokens so far; `heard` is told of what comes again and is swallowed.

        Diverged where the text so far cannot be the beginning of what was asked for.
        """
        if way == "replay":
            return FilteredStream(await self.begin(offer, "continuation"), Replay(said), heard)
        behind = await self._continued(offer, said, spent)
        left_s = self._begun(offer, "continuation")
        asked = traced(self._plan, msgspec.structs.replace(behind, attempt=self.name, deadline_s=left_s))
        stream = await offer.engine.open(asked)
        if offer.thought is None or not thinks_on(way, said):
            return stream
        return FilteredStream(stream, ThoughtSplitter(offer.thought.closing), heard)

    def _begun(self, offer: Offer, why: Reason) -> float:
        """Name an attempt that begins now; how long anybody waits for it, in seconds."""
        now, course = self._loop.time(), self._plan.caller.course
        self.name = self._ids.make("att-")
        if course is not None:
            course.attempted(self.name, self._index, offer.engine.name, now, why)
        return self._plan.total_at - now

    async def _continued(self, offer: Offer, said: Transcript, spent: int) -> Job:
        plan, index = self._plan, self._index
        bound = plan.grammar is not None or plan.tool_grammar is not None
        try:
            if bound and len(said.text) + len(said.thought) > CHARACTERS_INLINE:
                return await asyncio.to_thread(continued, plan, offer, index, said, spent=spent)
            return continued(plan, offer, index, said, spent=spent)
        except BadRequest as error:
            raise Diverged from error

    async def prompt_tokens(self, offer: Offer, *, generating: bool) -> int | None:
        """The length of the prompt as it was asked, where the engine can tell it soon; else whether it `failed` to.

        `generating`: at the price of a token, if it has no other way to tell.
        """
        asked = job(self._plan, offer, self._index)
        self.failed = False
        try:
            async with asyncio.timeout(COUNT_S_MAX):
                counted = await offer.engine.count_prompt_tokens(asked)
                if counted is None and generating:
                    sampling = msgspec.structs.replace(asked.sampling, max_tokens=1)
                    _, usage = await offer.engine.complete(msgspec.structs.replace(asked, sampling=sampling))
                    return usage.prompt_tokens
                return counted
        except (TimeoutError, AntiphonError):
            self.failed = True
            return None


async def rest_of(stream: DeltaStream) -> Rest:
    """Read what a finished answer still says of itself, for a second at most."""
    loop = asyncio.get_running_loop()
    until = loop.time() + USAGE_S_MAX
    try:
        while deltas := await stream.next(until):
            if loop.time() >= until:
                return "late"
    except EngineFailed:
        return "broken"
    return "late" if deltas is None else "told"


class LengthStream:
    """Stands in for an engine where nothing is left to generate: all tokens had come when the last one broke off."""

    def __init__(self) -> None:
        self._over = False
        self.usage: Usage | None = None

    async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:  # noqa: ARG002 - at once
        """The end, for want of length, then []."""
        if self._over:
            return []
        self._over = True
        return [Delta(finish_reason="length")]

    def close(self) -> None:
        """Nothing to end."""
