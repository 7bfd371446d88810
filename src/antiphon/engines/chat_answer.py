"""The OpenAI wire as engines speak it, answers: the bytes of a chat's answer to neutral words. Pure.

Only the fields named here are ever read from an engine.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from antiphon.chat import Choice, Delta, Logprob, ToolCall, ToolCallDelta, Usage, finish
from antiphon.engines.frame import Frame, ended, finish_reason, read, usage_of
from antiphon.errors import EngineFailed


class _Function(Struct, frozen=True):
    name: str | None = None
    arguments: str | None = None


class _Call(Struct, frozen=True):
    index: int = 0
    id: str | None = None
    function: _Function = _Function()


class _Words(Struct):
    """A `message` or a `delta`: engines differ in what they call thinking."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_Call] | None = None


class _Logprobs(Struct):
    content: list[Logprob] | None = None


class _Choice(Struct):
    delta: _Words | None = None
    message: _Words | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None
    stop_reason: Any = None  # Any: of vLLM, the stop text or the id of a token; other engines say what they like

    @property
    def stop(self) -> str | None:
        """The stop text that ended it, as far as the engine tells."""
        return self.stop_reason if isinstance(self.stop_reason, str) and self.stop_reason else None


class _Answer(Frame):
    """A plain answer or a chunk of a stream."""

    choices: list[_Choice] = field(default_factory=list)


_decoder = msgspec.json.Decoder(_Answer)


def decode(payload: bytes) -> tuple[Delta | None, Usage | None]:
    """One chunk of a stream: its delta (None when it holds nothing) and its usage; EngineFailed when it is an error."""
    answer = read(_decoder, payload)
    usage = usage_of(answer)
    if not answer.choices:
        return None, usage
    choice = answer.choices[0]
    words = choice.delta
    if words is None:
        raise EngineFailed("The engine sent a chunk without a delta.")
    calls: tuple[ToolCallDelta, ...] = ()
    if words.tool_calls:
        calls = tuple(_call_delta(call) for call in words.tool_calls)
    content = words.content or ""
    reasoning = words.reasoning_content or words.reasoning or ""
    reason = finish_reason(choice.finish_reason)
    logprobs = _logprobs(choice.logprobs) if choice.logprobs else ()
    if reason is not None and not content:
        logprobs = ()  # of the token that ends the text, which only some engines list
    if not (content or reasoning or calls or logprobs or reason):
        return None, usage
    return Delta(0, content, reasoning, calls, logprobs, reason, choice.stop if reason == "stop" else None), usage


def trimmed(delta: Delta, top_logprobs: int) -> Delta:
    """The delta with no more alternatives for each token than were asked for."""
    if all(len(entry.top_logprobs) <= top_logprobs for entry in delta.logprobs):
        return delta
    entries = tuple(
        msgspec.structs.replace(entry, top_logprobs=entry.top_logprobs[:top_logprobs]) for entry in delta.logprobs
    )
    return msgspec.structs.replace(delta, logprobs=entries)


def decode_whole(payload: bytes) -> tuple[Choice, Usage]:
    """A plain answer's first choice and its usage; EngineFailed when there is none."""
    answer = read(_decoder, payload)
    if not answer.choices or answer.choices[0].message is None:
        raise EngineFailed("The engine's answer holds no message.")
    choice = answer.choices[0]
    words = answer.choices[0].message
    reason = ended(choice.finish_reason)
    calls: tuple[ToolCall, ...] = ()
    if words.tool_calls:
        calls = tuple(
            ToolCall(id=call.id or "", name=call.function.name or "", arguments=call.function.arguments or "{}")
            for call in words.tool_calls
        )
    done = Choice(
        content=words.content,
        reasoning=words.reasoning_content or words.reasoning or "",
        tool_calls=calls,
        logprobs=_logprobs(choice.logprobs) if choice.logprobs else None,
        finish_reason=finish(reason, called=bool(calls)),
        stop=choice.stop if reason == "stop" and not calls else None,
    )
    return done, usage_of(answer) or Usage()


def _call_delta(call: _Call) -> ToolCallDelta:
    function = call.function
    return ToolCallDelta(index=call.index, id=call.id, name=function.name, arguments=function.arguments or "")


def _logprobs(logprobs: _Logprobs) -> tuple[Logprob, ...]:
    """Without the end-of-text token, which llama.cpp lists as an empty one and others do not list."""
    return tuple(entry for entry in logprobs.content or () if entry.token or entry.bytes)
