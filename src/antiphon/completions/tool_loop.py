"""Answers that use tools of the server: the model calls, the calls are made here, until it answers without one.

Rounds before the last are never seen by the client. What a round says is shown as soon as it is certain that no call
follows: at its first text where a grammar allows calls only before any text, at its end otherwise, and from its first
token in the last round, which has no tools.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from antiphon.chat import Completion
from antiphon.completions.folded import folded
from antiphon.completions.plan import Plan
from antiphon.completions.record import Record
from antiphon.completions.service import Completions
from antiphon.completions.tool_calls import Caller
from antiphon.completions.tool_stream import ToolStream
from antiphon.errors import BadRequest
from antiphon.ids import Ids
from antiphon.providers.model import ServerTool

ROUNDS_MAX = 5


class ToolLoop:
    """Serves answers that may use tools. `rounds` generates them and tells nobody: only the whole is told to `on_end`.

    Make it within a running event loop.
    """

    def __init__(
        self,
        rounds: Completions,
        caller: Caller,
        *,
        ids: Ids,
        on_end: Callable[[Record], None],
        heartbeat_s: float,
        rounds_max: int = ROUNDS_MAX,
    ) -> None:
        self._rounds = rounds
        self._caller = caller
        self._ids = ids
        self._on_end = on_end
        self._heartbeat_s = heartbeat_s
        self._rounds_max = rounds_max

    async def complete(
        self, plan: Plan, tools: Sequence[ServerTool], beat: Callable[[], None]
    ) -> tuple[Completion, str]:
        """The finished completion and the node that served its last round; `beat` as Completions.complete."""
        return await folded(self.open(plan, tools), beat)

    def open(self, plan: Plan, tools: Sequence[ServerTool]) -> ToolStream:
        """A stream of the answer's deltas; `start` it, read it to its end, close it. BadRequest for several choices."""
        # An answer that has begun is only continued, and a text completion has no turns.
        if plan.prefill is not None or plan.request.prompts:
            tools = ()
        if tools and plan.request.choices > 1:
            raise BadRequest("n: expected 1 while tools of the project are in use.", param="n")
        return ToolStream(
            plan,
            {one.tool.name: one for one in tools},
            self._rounds,
            self._caller,
            ids=self._ids,
            on_end=self._on_end,
            heartbeat_s=self._heartbeat_s,
            rounds_max=self._rounds_max if tools else 1,
        )
