"""The canonical door's text completions: OpenAI's `/v1/completions`. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, Struct, UnsetType

from antiphon.chat import ChatRequest, Choice, Completion, Delta, Sampling, Usage
from antiphon.completions.dialects import AnswerStream, Head, RequestBounds
from antiphon.completions.dialects.openai import answer, request, text_request
from antiphon.completions.dialects.openai.answer import WireUsage
from antiphon.completions.dialects.openai.text_answer import TextLogprobs, text_logprobs
from antiphon.http.sse import event

MAX_TOKENS_DEFAULT = 16  # OpenAI's, which its users expect
RULES = request.DoorRules(defaults=Sampling(max_tokens=MAX_TOKENS_DEFAULT))


class TextBody(text_request.TextBody):
    """POST /v1/completions. Null means the same as absent, everywhere."""


class WireTextChoice(Struct):
    """A choice, or a piece of one; with `completion_id` where it was stored."""

    text: str
    index: int
    logprobs: TextLogprobs | None
    finish_reason: str | None
    completion_id: str | UnsetType = UNSET


class TextMetadata(Struct):
    """Which node served."""

    node_id: str


class WireText(Struct):
    """A plain answer. Choices to the first prompt come first."""

    id: str
    object: str
    created: int
    model: str
    choices: list[WireTextChoice]
    usage: WireUsage
    metadata: TextMetadata | UnsetType = UNSET


class WireTextChunk(Struct):
    """One event of a stream."""

    id: str
    object: str
    created: int
    model: str
    choices: list[WireTextChoice]
    usage: WireUsage | UnsetType = UNSET


BODY = TextBody
ANSWER = WireText
OBJECT = "text_completion"
_reader = request.Reader(TextBody)
_encode = msgspec.json.encode


def parse(body: bytes, headers: Mapping[bytes, bytes], bounds: RequestBounds) -> ChatRequest:
    """Read and check a request; BadRequest names the field and the rule."""
    wire, ignored = _reader.read(body, strict=bounds.strict_fields)
    asked = request.Asked(ignored, request.session_id(headers, wire.session_id))
    return text_request.neutral(wire, asked, bounds, RULES)


def id_prefix(*, dria: bool) -> str:
    """How the ids of answers begin."""
    return "cmpl-"


def render(completion: Completion, head: Head) -> bytes:
    """The plain answer as JSON bytes."""
    choices = [_choice(choice, head) for choice in completion.choices]
    wire = WireText(head.id, OBJECT, int(head.created), head.model, choices, answer.usage(completion.usage))
    if not head.exact:
        wire.metadata = TextMetadata(head.node)
    return _encode(wire)


def _choice(choice: Choice, head: Head) -> WireTextChoice:
    logprobs = None if choice.logprobs is None else text_logprobs(choice.logprobs, 0)
    wire = WireTextChoice(choice.content or "", choice.index, logprobs, choice.finish_reason)
    if head.completion_ids and not head.exact:
        wire.completion_id = head.completion_ids[choice.index]
    return wire


def stream(head: Head) -> AnswerStream:
    """A renderer of one streamed answer."""
    return TextStream(head)


class TextStream:
    """OpenAI's chunks; plain text, the usual case, is put together without building objects."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._offsets: dict[int, int] = {}  # characters of each choice so far, where tokens are listed
        start = _encode({"id": head.id, "object": OBJECT, "created": int(head.created), "model": head.model})[:-1]
        self._prefix = b"data: " + start + b',"choices":[{"text":'

    def delta(self, delta: Delta) -> bytes:
        """One event for one delta."""
        if delta.finish_reason or delta.logprobs:
            return self._event(delta)
        text = _encode(delta.content)
        return b'%s%s,"index":%d,"logprobs":null,"finish_reason":null}]}\n\n' % (self._prefix, text, delta.index)

    def _event(self, delta: Delta) -> bytes:
        logprobs = None
        if delta.logprobs:
            offset = self._offsets.get(delta.index, 0)
            logprobs = text_logprobs(delta.logprobs, offset)
            self._offsets[delta.index] = offset + sum(len(entry.token) for entry in delta.logprobs)
        choice = WireTextChoice(delta.content, delta.index, logprobs, delta.finish_reason)
        if self._head.completion_ids and not self._head.exact and delta.finish_reason:
            choice.completion_id = self._head.completion_ids[delta.index]
        return self._chunk([choice])

    def end(self, usage: Usage, confidence: float | None) -> bytes:
        """The event with the usage and no choice, where it was asked for."""
        return self._chunk([], answer.usage(usage)) if self._head.include_usage else b""

    def _chunk(self, choices: list[WireTextChoice], usage: WireUsage | UnsetType = UNSET) -> bytes:
        head = self._head
        return event(_encode(WireTextChunk(head.id, OBJECT, int(head.created), head.model, choices, usage)))
