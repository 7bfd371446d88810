"""All deltas of one answer, as its reader sees them, and what is told of it when it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from antiphon.chat import Choice, Delta, Usage
from antiphon.completions.empty import EmptyStream
from antiphon.completions.generate import ChoiceStream
from antiphon.completions.merge import MergedStream
from antiphon.completions.plan import Plan
from antiphon.completions.record import CLIENT_GONE, Record, code
from antiphon.completions.watch import Watch
from antiphon.engines import Take
from antiphon.errors import AntiphonError

OnRefusal = Callable[[str, AntiphonError], None]  # of a model, before it has said anything
Source = ChoiceStream | MergedStream | EmptyStream


class CompletionStream:
    """All deltas of one completion, choices interleaved; tells once how it ended.

    `start` reaches the engines. `next` gives the deltas that arrived together, [] at the end, None when a heartbeat is
    due, and raises what ended it. What comes while it waits is handed to the `take` that it is given, where that can be
    done without waking the task.
    """

    def __init__(
        self,
        plan: Plan,
        source: Source,
        *,
        on_end: Callable[[Record], None],
        watch: Watch | None,
        on_refusal: OnRefusal | None = None,
    ) -> None:
        self._plan = plan
        self._watch = watch
        self._on_end = on_end
        self._on_refusal = on_refusal
        self._loop = asyncio.get_running_loop()
        self._failure: AntiphonError | None = None
        self._ended = False
        self._source = source
        self.start = self._source.start
        self.next = self._source.next if watch is None else self._watched

    async def _watched(self, take: Take | None = None) -> list[Delta] | None:
        assert self._watch is not None
        see = self._watch.see
        deltas = await self._source.next(take and (lambda deltas: take(see(deltas))))
        return see(deltas) if deltas else deltas

    @property
    def node(self) -> str:
        """The node that serves."""
        return self._source.node

    @property
    def usage(self) -> Usage:
        """What it took: as the engine says, else as counted here."""
        return bounded(self._source.usage or Usage(completion_tokens=self._source.tokens), self._plan)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What has come so far, where it is kept."""
        return () if self._watch is None else self._watch.choices

    @property
    def confidence(self) -> float | None:
        """How sure the model was, where the answer is to tell it."""
        return None if self._watch is None else self._watch.confidence

    def failed(self, error: AntiphonError) -> None:
        """Remember why it ended early; before anything was said, the error may be told when to come again."""
        self._failure = error
        if self._on_refusal is not None and self._source.first_token_at is None:
            self._on_refusal(self._plan.model.id, error)

    def close(self) -> None:
        """End it, and say so once."""
        self._source.close()
        if not self._ended:
            self._ended = True
            otherwise = None if self._source.complete else CLIENT_GONE
            self._on_end(self._record(otherwise if self._failure is None else code(self._failure)))

    def _record(self, failure: str | None) -> Record:
        source = self._source
        now, first = self._loop.time(), source.first_token_at
        choices, usages, served = self.choices, source.usages, source.served
        examined = None if self._watch is None else self._watch.examined
        return Record(self._plan, self.usage, now, failure, first, source.node, choices, usages, served, examined)


def bounded(usage: Usage, plan: Plan) -> Usage:
    """What an engine says it generated is believed only as far as it was allowed to generate."""
    most = plan.sampling.max_tokens
    if most is None or usage.completion_tokens <= most * plan.request.choices:
        return usage
    return msgspec.structs.replace(usage, completion_tokens=most * plan.request.choices)
