"""Nugen's dialect: OpenAI's fields with its own defaults, a float `created`, usage in the finishing event. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from antiphon.chat import ChatRequest, Choice, Completion, Delta, Sampling, Usage
from antiphon.completions.dialects import AnswerStream, Head, RequestBounds
from antiphon.completions.dialects.openai import answer, request
from antiphon.completions.dialects.openai.answer import BareUsage, ChoiceOrder, WireCall, WireLogprobs
from antiphon.errors import BadRequest
from antiphon.http.sse import event

RULES = request.DoorRules(
    name="nugen",
    shortens=True,
    scores=True,
    prompt_tokens_max=1500,
    defaults=Sampling(max_tokens=2000, temperature=1.0),
)


class ChatBody(request.FunctionBody):
    """POST /api/v3/inference/chat/completions. Null means the same as absent, everywhere."""


class WireMessage(Struct, omit_defaults=True):
    """A finished message; the text of thinking has the name that OpenRouter gave it, and OpenAI's clients' one."""

    role: str
    content: str | None
    tool_calls: list[WireCall] | UnsetType = UNSET
    reasoning: str | UnsetType = UNSET
    reasoning_content: str | UnsetType = UNSET


class WireChoice(Struct):
    """A finished choice."""

    index: int
    message: WireMessage
    finish_reason: str
    logprobs: WireLogprobs | UnsetType | None = UNSET
    completion_id: str | UnsetType = UNSET


class WireCompletion(Struct):
    """A plain answer. `created` is a float; `confidence_score` is there for domain-aligned models only."""

    id: str
    object: str
    created: float
    model: str
    choices: list[WireChoice]
    usage: BareUsage
    confidence_score: float | UnsetType = UNSET


class WireDelta(Struct, omit_defaults=True):
    """A piece of a message."""

    role: str | UnsetType = UNSET
    content: str | UnsetType | None = UNSET
    tool_calls: list[WireCall] | UnsetType = UNSET
    reasoning: str | UnsetType = UNSET
    reasoning_content: str | UnsetType = UNSET


class WireDeltaChoice(Struct):
    """A piece of a choice."""

    index: int
    delta: WireDelta
    finish_reason: str | None
    logprobs: WireLogprobs | UnsetType | None = UNSET
    completion_id: str | UnsetType = UNSET


class WireChunk(Struct):
    """One event of a stream; the finishing one brings the usage."""

    id: str
    created: float
    model: str
    choices: list[WireDeltaChoice]
    object: str | UnsetType = UNSET
    usage: BareUsage | UnsetType = UNSET
    confidence_score: float | UnsetType = UNSET


BODY = ChatBody
ANSWER = WireCompletion
_reader = request.Reader(ChatBody)
_encode = msgspec.json.encode


def parse(body: bytes, headers: Mapping[bytes, bytes], bounds: RequestBounds) -> ChatRequest:
    """Read and check a request; BadRequest names the field and the rule."""
    wire, ignored = _reader.read(body, strict=bounds.strict_fields)
    request.check(wire, wire.tools, bounds, RULES)
    for i, message in enumerate(wire.messages):
        if message.name is not None and "-" in message.name:
            param = f"messages[{i}].name"
            raise BadRequest(f"{param}: only letters, digits and underscores are allowed.", param=param)
    asked = request.Asked(ignored, request.session_id(headers, wire.session_id))
    return request.neutral(wire, wire.tools, asked, RULES)


def id_prefix(*, dria: bool) -> str:
    """How the ids of answers begin."""
    return "nugen-"


def render(completion: Completion, head: Head) -> bytes:
    """The plain answer as JSON bytes."""
    wire = WireCompletion(
        id=head.id,
        object="chat.completion",
        created=float(head.created),
        model=head.model,
        choices=[_choice(choice, head) for choice in completion.choices],
        usage=_usage(completion.usage, head),
    )
    if completion.confidence is not None:
        wire.confidence_score = completion.confidence
    return _encode(wire)


def _choice(choice: Choice, head: Head) -> WireChoice:
    content = choice.content or None if choice.tool_calls else choice.content
    message = WireMessage("assistant", content, answer.calls(choice))
    if choice.reasoning:
        message.reasoning = choice.reasoning
    wire = WireChoice(choice.index, message, choice.finish_reason)
    if not head.exact:
        message.reasoning_content = message.reasoning
        wire.logprobs = answer.logprobs(choice)
        if head.completion_ids:
            wire.completion_id = head.completion_ids[choice.index]
    return wire


def _usage(usage: Usage, head: Head) -> BareUsage:
    return answer.bare_usage(usage) if head.exact else answer.usage(usage)


def stream(head: Head) -> AnswerStream:
    """A renderer of one streamed answer."""
    return ChunkStream(head)


class ChunkStream(ChoiceOrder):
    """Events of one answer. The finishing one is held back until the usage, which belongs into it, is known."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self._head = head
        self._last: WireDeltaChoice | None = None
        start: dict[str, Any] = {"id": head.id, "created": float(head.created), "model": head.model}  # Any: plain JSON
        if not head.exact:
            start["object"] = "chat.completion.chunk"
        self._prefix = b"data: " + _encode(start)[:-1] + b',"choices":[{"index":'

    def delta(self, delta: Delta) -> bytes:
        """The event of one delta; a finishing one comes with what follows it."""
        if delta.index >= self.begun:
            return self.begin(delta)
        if delta.finish_reason or delta.reasoning or delta.tool_calls or delta.logprobs or self._last is not None:
            return self.event(delta)
        content = _encode(delta.content)
        return b'%s%d,"delta":{"content":%s},"finish_reason":null}]}\n\n' % (self._prefix, delta.index, content)

    def event(self, delta: Delta, *, begins: bool = False) -> bytes:
        """One event; with the role where it begins a choice."""
        held = b"" if self._last is None else self._chunk(self._last)
        self._last = None
        choice = self._wire_choice(delta, begins=begins)
        if delta.finish_reason is None:
            return held + self._chunk(choice)
        self._last = choice
        return held

    def _wire_choice(self, delta: Delta, *, begins: bool) -> WireDeltaChoice:
        wire = WireDelta(role="assistant" if begins else UNSET, tool_calls=answer.call_deltas(delta))
        if delta.content or begins or delta.finish_reason:
            wire.content = None if delta.tool_calls and not delta.content else delta.content
        if delta.reasoning:
            wire.reasoning = delta.reasoning
        choice = WireDeltaChoice(delta.index, wire, delta.finish_reason)
        if not self._head.exact:
            wire.reasoning_content = wire.reasoning
            choice.logprobs = answer.logprobs(delta)
            if self._head.completion_ids and (begins or delta.finish_reason):
                choice.completion_id = self._head.completion_ids[delta.index]
        return choice

    def end(self, usage: Usage, confidence: float | None) -> bytes:
        """The finishing event, with the usage and the confidence."""
        if self._last is None:
            return b""
        return self._chunk(self._last, _usage(usage, self._head), UNSET if confidence is None else confidence)

    def _chunk(
        self,
        choice: WireDeltaChoice,
        usage: BareUsage | UnsetType = UNSET,
        confidence: float | UnsetType = UNSET,
    ) -> bytes:
        head = self._head
        kind = UNSET if head.exact else "chat.completion.chunk"
        chunk = WireChunk(head.id, float(head.created), head.model, [choice], kind, usage, confidence)
        return event(_encode(chunk))
