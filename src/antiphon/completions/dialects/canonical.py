"""The canonical door's dialect: OpenAI's, with the fields of Dria and DMind and Dria's `metadata.node_id`. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, Struct, UnsetType

from antiphon.chat import ChatRequest, Choice, Completion, Delta, Usage
from antiphon.completions.dialects import AnswerStream, Head, RequestBounds
from antiphon.completions.dialects.openai import answer, request
from antiphon.completions.dialects.openai.answer import BareUsage, ChoiceOrder, WireCall, WireLogprobs, WireUsage
from antiphon.http.sse import event

RULES = request.DoorRules()


class ChatBody(request.FunctionBody):
    """POST /v1/chat/completions. Null means the same as absent, everywhere."""


class WireMessage(Struct):
    """A finished message."""

    role: str
    content: str | None
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[WireCall] | UnsetType = UNSET
    refusal: None = None


class WireChoice(Struct):
    """A finished choice; with `completion_id` where it was stored."""

    index: int
    message: WireMessage
    logprobs: WireLogprobs | None
    finish_reason: str
    completion_id: str | UnsetType = UNSET


class Metadata(Struct):
    """Which node served."""

    node_id: str


class WireCompletion(Struct):
    """A plain answer; `metadata` is Dria's, and not shown where only DMind's and OpenAI's words are wanted."""

    id: str
    object: str
    created: int
    model: str
    choices: list[WireChoice]
    usage: WireUsage
    metadata: Metadata | UnsetType = UNSET


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
    completion_id: str | UnsetType = UNSET


class WireChunk(Struct):
    """One event of a stream."""

    id: str
    object: str
    created: int
    model: str
    choices: list[WireDeltaChoice]
    usage: WireUsage | UnsetType = UNSET


class BareMessage(Struct, omit_defaults=True):
    """What Dria documents of a message, and the calls that its page is silent about."""

    content: str | None
    tool_calls: list[WireCall] | UnsetType = UNSET


class BareChoice(Struct):
    """What Dria documents of a choice."""

    message: BareMessage
    finish_reason: str


class BareCompletion(Struct):
    """What Dria documents of an answer."""

    id: str
    model: str
    choices: list[BareChoice]
    usage: BareUsage
    metadata: Metadata


BODY = ChatBody
ANSWER = WireCompletion
_reader = request.Reader(ChatBody)
_encode = msgspec.json.encode


def parse(body: bytes, headers: Mapping[bytes, bytes], bounds: RequestBounds) -> ChatRequest:
    """Read and check a request; BadRequest names the field and the rule."""
    wire, ignored = _reader.read(body, strict=bounds.strict_fields)
    request.check(wire, wire.tools, bounds, RULES)
    asked = request.Asked(ignored, request.session_id(headers, wire.session_id))
    return request.neutral(wire, wire.tools, asked, RULES)


def id_prefix(*, dria: bool) -> str:
    """How the ids of answers begin."""
    return "gen-" if dria else "chatcmpl-"


def render(completion: Completion, head: Head) -> bytes:
    """The plain answer as JSON bytes."""
    if head.exact and head.dria:
        return _bare(completion, head)
    wire = WireCompletion(
        id=head.id,
        object="chat.completion",
        created=int(head.created),
        model=head.model,
        choices=[_choice(choice, head) for choice in completion.choices],
        usage=answer.usage(completion.usage),
    )
    if not head.exact:
        wire.metadata = Metadata(head.node)
    return _encode(wire)


def _choice(choice: Choice, head: Head) -> WireChoice:
    message = WireMessage(role="assistant", content=choice.content)
    if choice.reasoning and not head.exact:
        message.reasoning_content = choice.reasoning
    if choice.tool_calls:
        message.tool_calls = answer.calls(choice)
        message.content = choice.content or None
    wire = WireChoice(choice.index, message, answer.logprobs(choice), choice.finish_reason)
    if head.completion_ids and not head.exact:
        wire.completion_id = head.completion_ids[choice.index]
    return wire


def _bare(completion: Completion, head: Head) -> bytes:
    choices = [
        BareChoice(BareMessage(choice.content, answer.calls(choice)), choice.finish_reason)
        for choice in completion.choices
    ]
    usage = answer.bare_usage(completion.usage)
    return _encode(BareCompletion(head.id, head.model, choices, usage, Metadata(head.node)))


def stream(head: Head) -> AnswerStream:
    """A renderer of one streamed answer."""
    return BareStream() if head.exact and head.dria else ChunkStream(head)


class ChunkStream(ChoiceOrder):
    """OpenAI's chunks; plain text, the usual case, is put together without building objects."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self._head = head
        created = int(head.created)
        start = _encode({"id": head.id, "object": "chat.completion.chunk", "created": created})[:-1]
        self._prefix = b"data: " + start + b',"model":' + _encode(head.model) + b',"choices":[{"index":'
        self._suffix = b'},"logprobs":null,"finish_reason":null}]}\n\n'

    def delta(self, delta: Delta) -> bytes:
        """One event for one delta."""
        if delta.index >= self.begun:
            return self.begin(delta)
        if delta.finish_reason or delta.reasoning or delta.tool_calls or delta.logprobs:
            return self.event(delta)
        return b'%s%d,"delta":{"content":%s%s' % (self._prefix, delta.index, _encode(delta.content), self._suffix)

    def event(self, delta: Delta, *, begins: bool = False) -> bytes:
        """One event; with the role where it begins a choice."""
        wire = WireDelta(role="assistant" if begins else UNSET, tool_calls=answer.call_deltas(delta))
        reasoning = "" if self._head.exact else delta.reasoning
        if delta.content or (begins and not reasoning):
            wire.content = None if delta.tool_calls and not delta.content else delta.content
        if reasoning:
            wire.reasoning_content = reasoning
        choice = WireDeltaChoice(delta.index, wire, answer.logprobs(delta), delta.finish_reason)
        if self._head.completion_ids and not self._head.exact and (begins or delta.finish_reason):
            choice.completion_id = self._head.completion_ids[delta.index]
        return self._chunk([choice])

    def end(self, usage: Usage, confidence: float | None) -> bytes:
        """The event with the usage and no choice, where it was asked for."""
        return self._chunk([], answer.usage(usage)) if self._head.include_usage else b""

    def _chunk(self, choices: list[WireDeltaChoice], usage: WireUsage | UnsetType = UNSET) -> bytes:
        head = self._head
        chunk = WireChunk(head.id, "chat.completion.chunk", int(head.created), head.model, choices, usage)
        return event(_encode(chunk))


class BareStream:
    """Dria's chunks: nothing but the text."""

    def delta(self, delta: Delta) -> bytes:
        """One event for a delta with text, none for others."""
        return b'data: {"choices":[{"delta":{"content":%s}}]}\n\n' % _encode(delta.content) if delta.content else b""

    def end(self, usage: Usage, confidence: float | None) -> bytes:
        """Nothing follows."""
        return b""
