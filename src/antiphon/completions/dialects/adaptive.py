"""Adaptive Engine's dialect: projects, labels, server-side tools; every completion has an id of its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from antiphon.chat import ChatRequest, Choice, Completion, Delta, Image, ToolOverride, Usage
from antiphon.completions.dialects import AnswerStream, Head, RequestBounds
from antiphon.completions.dialects.openai import answer, request
from antiphon.completions.dialects.openai.answer import BareUsage, ChoiceOrder, WireCall, WireLogprobs
from antiphon.completions.dialects.openai.fields import INT64_MAX, Uuid
from antiphon.completions.dialects.openai.tools import FunctionDefinition, WireTool
from antiphon.errors import BadRequest
from antiphon.http.sse import event

RULES = request.DoorRules(name="adaptive", project_first=True, identified=True, stores=True, metadata_pairs_max=64)
TokensOrNone = Annotated[int, Meta(ge=0, le=INT64_MAX)] | Annotated[float, Meta(ge=0, le=1e15)] | None


class ToolEntry(Struct):
    """A switch of a server-side tool (`id`, `enabled`), or, beyond the documents, a function's definition."""

    id: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    enabled: bool | None = None
    type: Literal["function"] | None = None
    function: FunctionDefinition | None = None


class ChatBody(request.Body):
    """POST /api/v1/chat/completions. Null means the same as absent, everywhere."""

    max_tokens: TokensOrNone = None
    session_id: Uuid | None = None
    user: Uuid | None = None
    tools: list[ToolEntry] | None = None


class WireMessage(Struct, omit_defaults=True):
    """A finished message; its content is always text."""

    id: str
    role: str
    content: str
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[WireCall] | UnsetType = UNSET


class WireChoice(Struct):
    """A finished choice; feedback is given to its `completion_id`."""

    index: int
    completion_id: str
    model: str
    finish_reason: str
    message: WireMessage
    logprobs: WireLogprobs | UnsetType | None = UNSET


class WireCompletion(Struct):
    """A plain answer."""

    id: str
    created: int
    session_id: str
    choices: list[WireChoice]
    usage: BareUsage
    object: str | UnsetType = UNSET
    model: str | UnsetType = UNSET


class WireDelta(Struct, omit_defaults=True):
    """A piece of a message. Its three strings are in every event: Adaptive's client asks for them.

    The role is empty after the first event, since OpenAI's helpers put roles one behind the other.
    """

    id: str
    role: str
    content: str
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[WireCall] | UnsetType = UNSET


class WireDeltaChoice(Struct):
    """A piece of a choice."""

    index: int
    completion_id: str
    delta: WireDelta
    finish_reason: str | UnsetType | None = UNSET
    model: str | UnsetType = UNSET
    logprobs: WireLogprobs | UnsetType | None = UNSET


class WireChunk(Struct):
    """One event of a stream."""

    id: str
    created: int
    session_id: str
    choices: list[WireDeltaChoice]
    object: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    usage: BareUsage | UnsetType = UNSET


BODY = ChatBody
ANSWER = WireCompletion
_reader = request.Reader(ChatBody)
_encode = msgspec.json.encode


def parse(body: bytes, headers: Mapping[bytes, bytes], bounds: RequestBounds) -> ChatRequest:
    """Read and check a request; BadRequest names the field and the rule."""
    wire, ignored = _reader.read(body, strict=bounds.strict_fields)
    tools, overrides = _sorted_out(wire.tools) if wire.tools else ([], ())
    request.check(wire, tools, bounds, RULES)
    session_id = request.session_id(headers, wire.session_id)
    asked = request.Asked(ignored, session_id, overrides)
    parsed = request.neutral(wire, tools, asked, RULES)
    _refuse_addresses(parsed)
    return parsed


def _sorted_out(entries: list[ToolEntry]) -> tuple[list[WireTool], tuple[ToolOverride, ...]]:
    """Definitions and switches, told apart by their keys; one request holds one kind."""
    tools: list[WireTool] = []
    overrides: list[ToolOverride] = []
    for i, entry in enumerate(entries):
        param = f"tools[{i}]"
        if entry.function is not None:
            tools.append(WireTool("function", entry.function))
        elif entry.id is None or entry.enabled is None:
            raise BadRequest(f"{param}: `id` and `enabled` are expected, or a function's definition.", param=param)
        else:
            overrides.append(ToolOverride(entry.id, entry.enabled))
        if tools and overrides:
            raise BadRequest(f"{param}: definitions and switches cannot be mixed.", param=param)
    return tools, tuple(overrides)


def _refuse_addresses(parsed: ChatRequest) -> None:
    """Images come within the request here, never from elsewhere."""
    for i, message in enumerate(parsed.messages):
        if not isinstance(message.content, tuple):
            continue
        for j, part in enumerate(message.content):
            if isinstance(part, Image) and part.url[:5].lower() != "data:":
                param = f"messages[{i}].content[{j}].image_url"
                raise BadRequest(f"{param}: only data URLs are taken here.", param=param)


def id_prefix(*, dria: bool) -> str:
    """How the ids of answers begin."""
    return "chatcmpl-"


def render(completion: Completion, head: Head) -> bytes:
    """The plain answer as JSON bytes."""
    wire = WireCompletion(
        id=head.id,
        created=int(head.created),
        session_id=head.session_id or "",
        choices=[_choice(choice, head) for choice in completion.choices],
        usage=_usage(completion.usage, head),
    )
    if not head.exact:
        wire.object, wire.model = "chat.completion", head.model
    return _encode(wire)


def _choice(choice: Choice, head: Head) -> WireChoice:
    completion_id = head.completion_ids[choice.index]
    message = WireMessage(completion_id, "assistant", choice.content or "", UNSET, answer.calls(choice))
    wire = WireChoice(choice.index, completion_id, head.model, choice.finish_reason, message)
    if not head.exact:
        message.reasoning_content = choice.reasoning or UNSET
        wire.logprobs = answer.logprobs(choice)
    return wire


def _usage(usage: Usage, head: Head) -> BareUsage:
    return answer.bare_usage(usage) if head.exact else answer.usage(usage)


def stream(head: Head) -> AnswerStream:
    """A renderer of one streamed answer."""
    return ChunkStream(head)


class ChunkStream(ChoiceOrder):
    """Events of one answer."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self._head = head
        chunk = WireChunk(head.id, int(head.created), head.session_id or "", [])
        if not head.exact:
            chunk.object, chunk.model = "chat.completion.chunk", head.model
        start, _, end = _encode(chunk).partition(b'"choices":[]')
        self._starts = [
            b'data: %s"choices":[{"index":%d,"completion_id":%s,"delta":{"id":%s,"role":"","content":'
            % (start, i, _encode(completion_id), _encode(completion_id))
            for i, completion_id in enumerate(head.completion_ids)
        ]
        model = b"" if head.exact else b',"model":' + _encode(head.model)
        self._suffix = b'},"finish_reason":null' + model + b"}]" + end + b"\n\n"

    def delta(self, delta: Delta) -> bytes:
        """One event for one delta."""
        if delta.index >= self.begun:
            return self.begin(delta)
        if delta.finish_reason or delta.reasoning or delta.tool_calls or delta.logprobs:
            return self.event(delta)
        return self._starts[delta.index] + _encode(delta.content) + self._suffix

    def event(self, delta: Delta, *, begins: bool = False) -> bytes:
        """One event; the role is told where it begins a choice."""
        head = self._head
        completion_id = head.completion_ids[delta.index]
        wire = WireDelta(completion_id, "assistant" if begins else "", delta.content, UNSET, answer.call_deltas(delta))
        choice = WireDeltaChoice(delta.index, completion_id, wire, delta.finish_reason)
        if not head.exact:
            wire.reasoning_content = delta.reasoning or UNSET
            choice.model = head.model
            choice.logprobs = answer.logprobs(delta) or UNSET
        return self._chunk([choice])

    def end(self, usage: Usage, confidence: float | None) -> bytes:
        """The event with the usage and no choice, where it was asked for."""
        return self._chunk([], _usage(usage, self._head)) if self._head.include_usage else b""

    def _chunk(self, choices: list[WireDeltaChoice], usage: BareUsage | UnsetType = UNSET) -> bytes:
        head = self._head
        chunk = WireChunk(head.id, int(head.created), head.session_id or "", choices, usage=usage)
        if not head.exact:
            chunk.object, chunk.model = "chat.completion.chunk", head.model
        return event(_encode(chunk))
