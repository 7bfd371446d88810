"""The bound on thinking that an engine does not keep: it is stopped there, then goes on behind the closed thought."""

from __future__ import annotations

import msgspec

from antiphon.chat import Delta, Usage
from antiphon.completions.reasoning import resumed
from antiphon.engines import DeltaStream, Engine, Job, Take
from antiphon.engines.thought import Thought


class BudgetedStream:
    """Deltas of a choice whose thought has at most `tokens_max` tokens; the engine sends them one by one."""

    def __init__(self, engine: Engine, job: Job, stream: DeltaStream, thought: Thought, tokens_max: int) -> None:
        self._engine = engine
        self._job = job
        self._stream = stream
        self._thought = thought
        self._tokens_max = tokens_max
        self._thoughts: list[str] = []
        self._resumed = False
        self._answering = False
        self.usage: Usage | None = None

    async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
        """As DeltaStream.next."""
        deltas = await self._stream.next(until, take if self._answering else None)
        self.usage = self._told()
        if not deltas or self._answering:
            return deltas
        for i, delta in enumerate(deltas):
            if delta.content or delta.tool_calls or delta.finish_reason is not None:
                self._answering = True
                return deltas
            self._thoughts.append(delta.reasoning)
            if len(self._thoughts) >= self._tokens_max:
                await self._resume()
                return deltas[: i + 1]
        return deltas

    async def _resume(self) -> None:
        self._stream.close()
        job = resumed(self._job, self._thought, "".join(self._thoughts), len(self._thoughts))
        self._stream = await self._engine.open(job)
        self._resumed = self._answering = True

    def _told(self) -> Usage | None:
        """Of both attempts: what was thought counts as completion, though the second one read it as its prompt."""
        usage = self._stream.usage
        if usage is None or not self._resumed:
            return usage
        spent = len(self._thoughts)
        return msgspec.structs.replace(
            usage,
            prompt_tokens=max(0, usage.prompt_tokens - spent),
            completion_tokens=usage.completion_tokens + spent,
            reasoning_tokens=spent,
        )

    def close(self) -> None:
        """End it; an unfinished engine stops."""
        self._stream.close()
