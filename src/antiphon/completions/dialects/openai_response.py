"""The canonical door's answers: OpenAI's shapes, plain and as stream events, with Dria's `metadata.node_id`. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from antiphon.chat import Choice, Completion, Delta, Logprob, ToolCall, ToolCallDelta, Usage
from antiphon.http.sse import event


class Head(Struct, frozen=True):
    """What every part of one answer repeats. `created` is in whole seconds since 1970."""

    id: str
    created: int
    model: str
    node: str


class WireFunction(Struct, omit_defaults=True):
    """A called function; in a delta the name comes once."""

    name: str | UnsetType = UNSET
    arguments: str | UnsetType = UNSET


class WireCall(Struct, omit_defaults=True):
    """A tool call, or a piece of one (`index` only in a stream)."""

    function: WireFunction
    index: int | UnsetType = UNSET
    id: str | UnsetType = UNSET
    type: Literal["function"] | UnsetType = UNSET


class WireLogprobs(Struct):
    """Log-probabilities of the content's tokens."""

    content: list[Logprob]
    refusal: None = None


class WireMessage(Struct):
    """A finished message."""

    role: str
    content: str | None
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[WireCall] | UnsetType = UNSET
    refusal: None = None


class WireChoice(Struct):
    """A finished choice."""

    index: int
    message: WireMessage
    logprobs: WireLogprobs | None
    finish_reason: str


class CachedTokens(Struct):
    """How many prompt tokens the engine had at hand."""

    cached_tokens: int


class ReasoningTokens(Struct):
    """How many completion tokens were thinking."""

    reasoning_tokens: int


class WireUsage(Struct):
    """Token counts, all choices together."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: CachedTokens
    completion_tokens_details: ReasoningTokens


class Metadata(Struct):
    """Which node served."""

    node_id: str


class WireCompletion(Struct):
    """A plain answer."""

    id: str
    object: str
    created: int
    model: str
    choices: list[WireChoice]
    usage: WireUsage
    metadata: Metadata


class WireDelta(Struct, omit_defaults=True):
    """A piece of a message."""

    role: str | UnsetType = UNSET
    content: str | UnsetType | None = UNSET
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[WireCall] | UnsetType = UNSET


class WireDeltaChoice(Struct):
    """A piece of a choice."""

    index: int
    delta: WireDelta
    logprobs: WireLogprobs | None
    finish_reason: str | None


class WireChunk(Struct):
    """One event of a stream."""

    id: str
    object: str
    created: int
    model: str
    choices: list[WireDeltaChoice]
    usage: WireUsage | UnsetType = UNSET


_encode = msgspec.json.encode


def render(completion: Completion, head: Head) -> bytes:
    """The plain answer as JSON bytes."""
    return _encode(
        WireCompletion(
            id=head.id,
            object="chat.completion",
            created=head.created,
            model=head.model,
            choices=[_choice(choice) for choice in completion.choices],
            usage=_usage(completion.usage),
            metadata=Metadata(head.node),
        )
    )


class StreamRenderer:
    """Renders one answer's events. It keeps how many choices have begun, since a role comes once for each.

    Choices begin in their order, whichever speaks first: openai-python's stream helper finds them by position. With
    log-probabilities the role comes alone: openai-node's helper would count those of a first event twice.
    """

    def __init__(self, head: Head) -> None:
        self._head = head
        self._begun = 0
        start = _encode({"id": head.id, "object": "chat.completion.chunk", "created": head.created})[:-1]
        self._prefix = b"data: " + start + b',"model":' + _encode(head.model) + b',"choices":[{"index":'
        self._suffix = b'},"logprobs":null,"finish_reason":null}]}\n\n'

    def delta(self, delta: Delta) -> bytes:
        """One event for one delta; plain text, the usual case, is put together without building objects."""
        if delta.index >= self._begun:
            return self._begin(delta)
        if delta.finish_reason or delta.reasoning or delta.tool_calls or delta.logprobs:
            return self._event(delta)
        return b'%s%d,"delta":{"content":%s%s' % (self._prefix, delta.index, _encode(delta.content), self._suffix)

    def _begin(self, delta: Delta) -> bytes:
        """The roles of all choices up to this one, and its first delta."""
        alone = delta.index + 1 if delta.logprobs else delta.index
        roles = [self._event(Delta(index=i), role="assistant") for i in range(self._begun, alone)]
        self._begun = delta.index + 1
        first = self._event(delta) if delta.logprobs else self._event(delta, role="assistant")
        return b"".join([*roles, first])

    def _event(self, delta: Delta, *, role: str | UnsetType = UNSET) -> bytes:
        wire = WireDelta(role=role)
        if delta.content or (role and not delta.reasoning):
            wire.content = None if delta.tool_calls and not delta.content else delta.content
        if delta.reasoning:
            wire.reasoning_content = delta.reasoning
        if delta.tool_calls:
            wire.tool_calls = [_call_delta(call) for call in delta.tool_calls]
        logprobs = WireLogprobs(list(delta.logprobs)) if delta.logprobs else None
        return self._chunk([WireDeltaChoice(delta.index, wire, logprobs, delta.finish_reason)])

    def usage(self, usage: Usage) -> bytes:
        """The closing event with the usage and no choice."""
        return self._chunk([], _usage(usage))

    def _chunk(self, choices: list[WireDeltaChoice], usage: WireUsage | UnsetType = UNSET) -> bytes:
        head = self._head
        return event(_encode(WireChunk(head.id, "chat.completion.chunk", head.created, head.model, choices, usage)))


def _choice(choice: Choice) -> WireChoice:
    message = WireMessage(role="assistant", content=choice.content)
    if choice.reasoning:
        message.reasoning_content = choice.reasoning
    if choice.tool_calls:
        message.tool_calls = [_call(call) for call in choice.tool_calls]
        message.content = choice.content or None
    logprobs = None if choice.logprobs is None else WireLogprobs(list(choice.logprobs))
    return WireChoice(choice.index, message, logprobs, choice.finish_reason)


def _call(call: ToolCall) -> WireCall:
    return WireCall(id=call.id, type="function", function=WireFunction(name=call.name, arguments=call.arguments))


def _call_delta(call: ToolCallDelta) -> WireCall:
    wire = WireCall(index=call.index, function=WireFunction(arguments=call.arguments))
    if call.id is not None:
        wire.id, wire.type = call.id, "function"
    if call.name is not None:
        wire.function.name = call.name
    return wire


def _usage(usage: Usage) -> WireUsage:
    return WireUsage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.total_tokens,
        prompt_tokens_details=CachedTokens(usage.cached_tokens),
        completion_tokens_details=ReasoningTokens(usage.reasoning_tokens),
    )
