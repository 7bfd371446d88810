"""One answer that may use tools of the server, as a stream: rounds, calls and heartbeats in one line of deltas."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from antiphon.chat import Choice, Delta, ToolCall, ToolChoice, Usage
from antiphon.completions.collect import Collector
from antiphon.completions.fit import fitted
from antiphon.completions.plan import Plan
from antiphon.completions.record import CLIENT_GONE, Record, code
from antiphon.completions.service import Completions
from antiphon.completions.stream import CompletionStream
from antiphon.completions.tool_calls import Caller, results
from antiphon.completions.tool_rounds import Asked, Round, added, round_plan
from antiphon.engines import Take
from antiphon.errors import AntiphonError, BadRequest, DeadlineExceeded
from antiphon.ids import Ids
from antiphon.providers.model import ServerTool

CONTEXT_EXCEEDED = "context_length_exceeded"


class ToolStream:
    """All deltas of one answer; tells once how it ended. It has the surface of a CompletionStream, with one choice."""

    def __init__(
        self,
        plan: Plan,
        tools: Mapping[str, ServerTool],
        rounds: Completions,
        caller: Caller,
        *,
        ids: Ids,
        on_end: Callable[[Record], None],
        heartbeat_s: float,
        rounds_max: int,
    ) -> None:
        self._plan = plan
        self._tools = tools
        self._rounds = rounds
        self._caller = caller
        self._ids = ids
        self._on_end = on_end
        self._heartbeat_s = heartbeat_s
        self._left = rounds_max
        self._loop = asyncio.get_running_loop()
        self._messages = plan.request.messages
        self._asked: Asked | None = None  # by the last round, behind the messages
        self._calling: tuple[Choice, asyncio.Task[list[str]]] | None = None
        self._round = Round(certain=True)
        self._round_plan = plan
        self._stream: CompletionStream | None = None
        self._used = Usage()  # by the rounds that have ended
        self._seen = Collector(logprobs=plan.request.sampling.logprobs)
        self._first_token_at: float | None = None
        self._failure: AntiphonError | None = None
        self._complete = False
        self._ended = False
        self.node = ""

    async def start(self) -> None:
        """Reach an engine for the first round."""
        await self._begin()

    async def next(self, take: Take | None = None) -> list[Delta] | None:  # noqa: ARG002 - a round decides first
        """Deltas of the answer, [] at its end, None when a heartbeat is due; raises what ended it."""
        while True:
            if self._calling is not None and not await self._called(*self._calling):
                return None
            deltas = await self._generated()
            if deltas is None:
                return None
            if deltas:
                shown = self._round.take(deltas, first_text_decides=self._first_text_decides())
                if shown:
                    return self._see(shown)
            elif (choice := self._round.asks) is None:
                self._complete = True
                return []
            else:
                self._call(choice)

    @property
    def usage(self) -> Usage:
        """What all rounds took together."""
        return self._used if self._stream is None else added(self._used, self._stream.usage)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What has come of the answer so far."""
        return (self._seen.choice(),)

    @property
    def confidence(self) -> float | None:
        """How sure the model was in the last round, where the answer is to tell it."""
        return None if self._stream is None else self._stream.confidence

    def failed(self, error: AntiphonError) -> None:
        """Remember why it ended early."""
        self._failure = error

    def close(self) -> None:
        """End it, whatever it is at, and say so once."""
        if self._calling is not None:
            self._calling[1].cancel()
        if self._stream is not None:
            self._stream.close()
        if self._ended:
            return
        self._ended = True
        otherwise = None if self._complete else CLIENT_GONE
        why = otherwise if self._failure is None else code(self._failure)
        usage, now = self.usage, self._loop.time()
        self._on_end(Record(self._plan, usage, now, why, self._first_token_at, self.node, self.choices, (usage,)))

    async def _begin(self) -> None:
        """The next round. The last one gets no tools, so that an answer comes."""
        self._left -= 1
        await self._open()

    async def _open(self) -> None:
        plan = await self._fitting_plan()
        self._round = Round(certain=not plan.request.tools)
        self._round_plan = plan
        self._stream = self._rounds.open(plan)
        await self._stream.start()

    async def _fitting_plan(self) -> Plan:
        """The round's plan; the newest results are shown only as far as the model's context has room for them."""
        tools = tuple(self._tools.values()) if self._left else ()
        # A forced call is forced once, or no answer could come. `none` is what requests without functions begin with.
        asked = self._plan.request.tool_choice
        choice: ToolChoice = asked if self._asked is None and asked != "none" else "auto"
        while True:
            messages = self._messages if self._asked is None else self._asked.after(self._messages)
            plan = round_plan(self._plan, messages, tools, choice, self._loop.time())
            try:
                return await fitted(plan)
            except BadRequest as error:
                self._make_room(error)

    async def _generated(self) -> list[Delta] | None:
        """The round's next deltas. Some engines tell only here that the prompt is too long."""
        while True:
            assert self._stream is not None
            try:
                deltas = await self._stream.next()
            except BadRequest as error:
                self._make_room(error)
                self._stream.close()
                await self._open()
                continue
            self.node = self._stream.node
            return deltas

    def _make_room(self, error: BadRequest) -> None:
        """Shorten the newest results if that may help; else the error stands."""
        shorter = self._asked.shorter() if self._asked is not None and error.code == CONTEXT_EXCEEDED else None
        if shorter is None:
            raise error
        self._asked = shorter

    def _first_text_decides(self) -> bool:
        """Whether a grammar binds what this round's engine writes, which allows calls only before any text."""
        for offer in self._round_plan.model.offers:
            if offer.engine.name == self.node:
                return offer.engine.takes_grammar and self._round_plan.emulates_tools(offer)
        return False

    def _call(self, choice: Choice) -> None:
        """End the round and begin the calls that it asked for."""
        assert self._stream is not None
        self._used = self.usage
        self._stream.close()
        self._stream = None
        if self._asked is not None:
            self._messages, self._asked = self._asked.after(self._messages), None
        calls = tuple(
            ToolCall(call.id or self._ids.make("call_"), call.name, call.arguments) for call in choice.tool_calls
        )
        timeout_s = self._plan.total_at - self._loop.time()
        made = results(calls, self._tools, self._caller, timeout_s=timeout_s)
        self._calling = msgspec.structs.replace(choice, tool_calls=calls), self._loop.create_task(made)

    async def _called(self, choice: Choice, calling: asyncio.Task[list[str]]) -> bool:
        """Wait for the results and begin the next round; False when a heartbeat is due before that."""
        now = self._loop.time()
        await asyncio.wait({calling}, timeout=min(self._heartbeat_s, self._plan.total_at - now))
        if calling.done():
            texts = tuple(calling.result())
            self._calling = None
            self._asked = Asked(choice, texts, characters_max=max(map(len, texts)))
            await self._begin()
            return True
        if self._loop.time() >= self._plan.total_at:
            raise DeadlineExceeded
        return False

    def _see(self, shown: list[Delta]) -> list[Delta]:
        if self._first_token_at is None:
            self._first_token_at = self._loop.time()
        for delta in shown:
            self._seen.add(delta)
        return shown
