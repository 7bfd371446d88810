"""Deltas of one choice folded into the finished Choice. Pure."""

from __future__ import annotations

from antiphon.chat import Choice, Delta, FinishReason, Logprob, ToolCall, ToolCallDelta, finish


class Collector:
    """Takes deltas in order, gives the choice that they add up to."""

    def __init__(self, index: int = 0, *, logprobs: bool = False) -> None:
        self._index = index
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[_Call] = []
        self._logprobs: list[Logprob] | None = [] if logprobs else None
        self._finish_reason: FinishReason = "stop"
        self._stop: str | None = None

    def add(self, delta: Delta) -> None:
        """Take the next delta."""
        if delta.content:
            self._content.append(delta.content)
        if delta.reasoning:
            self._reasoning.append(delta.reasoning)
        for call in delta.tool_calls:
            self._add_call(call)
        if delta.logprobs and self._logprobs is not None:
            self._logprobs += delta.logprobs
        if delta.finish_reason is not None:
            self._finish_reason, self._stop = delta.finish_reason, delta.stop

    def _add_call(self, delta: ToolCallDelta) -> None:
        while len(self._calls) <= delta.index:
            self._calls.append(_Call())
        call = self._calls[delta.index]
        call.id = call.id or delta.id or ""
        call.name = call.name or delta.name or ""
        call.arguments.append(delta.arguments)

    def choice(self) -> Choice:
        """What has been taken so far, as a finished choice."""
        calls = tuple(ToolCall(call.id, call.name, "".join(call.arguments)) for call in self._calls)
        content = "".join(self._content)
        return Choice(
            index=self._index,
            content=None if calls and not content else content,
            reasoning="".join(self._reasoning),
            tool_calls=calls,
            logprobs=None if self._logprobs is None else tuple(self._logprobs),
            finish_reason=finish(self._finish_reason, called=bool(calls)),
            stop=self._stop,
        )


class _Call:
    """A call under way."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []
