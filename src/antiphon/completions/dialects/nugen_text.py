"""Nugen's text completions: OpenAI's with a float `created` and the usage in the finishing event. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from antiphon.chat import ChatRequest, Choice, Completion, Delta, Sampling, Usage
from antiphon.completions.dialects import AnswerStream, Head, RequestBounds
from antiphon.completions.dialects.openai import answer, request, text_request
from antiphon.completions.dialects.openai.answer import BareUsage
from antiphon.completions.dialects.openai.text_answer import TextLogprobs, text_logprobs
from antiphon.http.sse import event

RULES = request.DoorRules(name="nugen", shortens=True, scores=True, defaults=Sampling(max_tokens=16, temperature=1.0))


class TextBody(text_request.TextBody):
    """POST /api/v3/inference/completions. Null means the same as absent, everywhere."""

    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None


class NugenTextChoice(Struct):
    """A choice, or a piece of one."""

    index: int
    text: str
    finish_reason: str | None
    logprobs: TextLogprobs | UnsetType | None = UNSET
    completion_id: str | UnsetType = UNSET


class NugenText(Struct):
    """A plain answer, or an event of a stream, of which the finishing one has the usage."""

    id: str
    object: str
    created: float
    model: str
    choices: list[NugenTextChoice]
    usage: BareUsage | UnsetType = UNSET
    confidence_score: float | UnsetType = UNSET


BODY = TextBody
ANSWER = NugenText
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
    return "nugen-"


def render(completion: Completion, head: Head) -> bytes:
    """The plain answer as JSON bytes."""
    choices = [_choice(choice, head) for choice in completion.choices]
    wire = NugenText(head.id, OBJECT, float(head.created), head.model, choices, _usage(completion.usage, head))
    if completion.confidence is not None:
        wire.confidence_score = completion.confidence
    return _encode(wire)


def _choice(choice: Choice, head: Head) -> NugenTextChoice:
    wire = NugenTextChoice(choice.index, choice.content or "", choice.finish_reason)
    if not head.exact:
        wire.logprobs = None if choice.logprobs is None else text_logprobs(choice.logprobs, 0)
        if head.completion_ids:
            wire.completion_id = head.completion_ids[choice.index]
    return wire


def _usage(usage: Usage, head: Head) -> BareUsage:
    return answer.bare_usage(usage) if head.exact else answer.usage(usage)


def stream(head: Head) -> AnswerStream:
    """A renderer of one streamed answer."""
    return TextStream(head)


class TextStream:
    """Events of one answer. A finishing one is held back until it is known whether it is the last."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._last: NugenTextChoice | None = None
        self._offsets: dict[int, int] = {}  # characters of each choice so far, where tokens are listed

    def delta(self, delta: Delta) -> bytes:
        """The event of one delta, and the end of another choice that was held back."""
        held = b"" if self._last is None else self._chunk(self._last)
        self._last = None
        choice = NugenTextChoice(delta.index, delta.content, delta.finish_reason)
        if not self._head.exact:
            choice.logprobs = self._logprobs(delta)
            if self._head.completion_ids and delta.finish_reason:
                choice.completion_id = self._head.completion_ids[delta.index]
        if delta.finish_reason is None:
            return held + self._chunk(choice)
        self._last = choice
        return held

    def _logprobs(self, delta: Delta) -> TextLogprobs | None:
        if not delta.logprobs:
            return None
        offset = self._offsets.get(delta.index, 0)
        self._offsets[delta.index] = offset + sum(len(entry.token) for entry in delta.logprobs)
        return text_logprobs(delta.logprobs, offset)

    def end(self, usage: Usage, confidence: float | None) -> bytes:
        """The finishing event, with the usage and the confidence."""
        if self._last is None:
            return b""
        return self._chunk(self._last, _usage(usage, self._head), UNSET if confidence is None else confidence)

    def _chunk(
        self,
        choice: NugenTextChoice,
        usage: BareUsage | UnsetType = UNSET,
        confidence: float | UnsetType = UNSET,
    ) -> bytes:
        head = self._head
        wire = NugenText(head.id, OBJECT, float(head.created), head.model, [choice], usage, confidence)
        return event(_encode(wire))
