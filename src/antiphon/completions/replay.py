"""An answer generated anew from its start, of which only what was not said yet is handed on. Pure."""

from __future__ import annotations

import msgspec

from antiphon.chat import Delta, ToolCallDelta
from antiphon.completions.transcript import Transcript
from antiphon.errors import EngineFailed


class Diverged(EngineFailed):
    """The engine broke off, and no other one says the same again."""


class Replay:
    """Swallows what `said` holds as long as it comes again to the letter; Diverged as soon as it does not."""

    def __init__(self, said: Transcript) -> None:
        self._text = _Known(said.text)
        self._thought = _Known(said.thought)
        self._calls = {index: _Known(call.arguments) for index, call in said.calls.items()}
        self._names = {index: call.name for index, call in said.calls.items()}
        self._logprobs = said.logprobs_count

    @property
    def idle(self) -> bool:
        """Whether all of it has come again."""
        known = (self._text, self._thought, *self._calls.values())
        return not self._names and not self._logprobs and all(one.over for one in known)

    def feed(self, deltas: list[Delta]) -> list[Delta]:
        """What is new in them."""
        return [new for new in map(self._new, deltas) if new is not None]

    def _new(self, delta: Delta) -> Delta | None:
        if self.idle:
            return delta
        if (delta.content and not self._thought.over) or (delta.tool_calls and not self._text.over):
            raise Diverged
        calls = tuple(new for new in map(self._new_call, delta.tool_calls) if new is not None)
        known = min(self._logprobs, len(delta.logprobs))
        self._logprobs -= known
        new = msgspec.structs.replace(
            delta,
            content=self._text.rest(delta.content),
            reasoning=self._thought.rest(delta.reasoning),
            tool_calls=calls,
            logprobs=delta.logprobs[known:],
        )
        if new.finish_reason is not None:
            self._logprobs = 0  # entries for half a character are told in other pieces elsewhere
            if not self.idle:
                raise Diverged
        return new if new.content or new.reasoning or calls or new.logprobs or new.finish_reason else None

    def _new_call(self, piece: ToolCallDelta) -> ToolCallDelta | None:
        """The piece without what was told of its call: the name, the id, the arguments so far."""
        known = self._calls.get(piece.index)
        if known is None:
            if not all(one.over for one in (self._text, *self._calls.values())):
                raise Diverged
            return piece
        if piece.name is not None and self._names.pop(piece.index, piece.name) != piece.name:
            raise Diverged
        arguments = known.rest(piece.arguments)
        return ToolCallDelta(piece.index, arguments=arguments) if arguments else None


class _Known:
    """A text that is to come again, in whatever pieces."""

    __slots__ = ("_at", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def over(self) -> bool:
        """Whether all of it has come."""
        return self._at == len(self._text)

    def rest(self, piece: str) -> str:
        """What of the piece lies behind the text."""
        left = len(self._text) - self._at
        if not self._text.startswith(piece[:left], self._at):
            raise Diverged
        self._at += min(left, len(piece))
        return piece[left:]
