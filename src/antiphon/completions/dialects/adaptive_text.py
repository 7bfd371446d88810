"""Adaptive Engine's text completions: one prompt, and an id for every completion. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, Struct, UnsetType

from antiphon.chat import ChatRequest, Completion, Delta, Logprob, Usage
from antiphon.completions.dialects import AnswerStream, Head, RequestBounds
from antiphon.completions.dialects.openai import answer, request, text_request
from antiphon.completions.dialects.openai.answer import BareUsage
from antiphon.completions.dialects.openai.fields import Uuid
from antiphon.completions.dialects.openai.text_answer import TextLogprobs, text_logprobs
from antiphon.http.sse import event

RULES = request.DoorRules(name="adaptive", project_first=True, identified=True, stores=True, metadata_pairs_max=64)


class TextBody(text_request.TextBody):
    """POST /api/v1/completions. Null means the same as absent, everywhere."""

    session_id: Uuid | None = None
    user: Uuid | None = None


class AdaptiveTextChoice(Struct):
    """A choice, or a piece of one; feedback is given to its `completion_id`."""

    index: int
    text: str
    completion_id: str
    model: str
    finish_reason: str | UnsetType | None = UNSET
    logprobs: TextLogprobs | UnsetType | None = UNSET


class AdaptiveText(Struct):
    """A plain answer, or an event of a stream."""

    id: str
    created: int
    session_id: str
    choices: list[AdaptiveTextChoice]
    usage: BareUsage | UnsetType = UNSET
    object: str | UnsetType = UNSET
    model: str | UnsetType = UNSET


BODY = TextBody
ANSWER = AdaptiveText
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
    choices = [
        _choice(head, choice.index, choice.content or "", choice.finish_reason, choice.logprobs, 0)
        for choice in completion.choices
    ]
    return _encode(_wire(head, choices, _usage(completion.usage, head)))


def _choice(
    head: Head, index: int, text: str, finish_reason: str | None, logprobs: tuple[Logprob, ...] | None, offset: int
) -> AdaptiveTextChoice:
    choice = AdaptiveTextChoice(index, text, head.completion_ids[index], head.model, finish_reason)
    if not head.exact:
        choice.logprobs = text_logprobs(logprobs, offset) if logprobs else None
    return choice


def _usage(usage: Usage, head: Head) -> BareUsage:
    return answer.bare_usage(usage) if head.exact else answer.usage(usage)


def _wire(head: Head, choices: list[AdaptiveTextChoice], usage: BareUsage | UnsetType = UNSET) -> AdaptiveText:
    wire = AdaptiveText(head.id, int(head.created), head.session_id or "", choices, usage)
    if not head.exact:
        wire.object, wire.model = "text_completion", head.model
    return wire


def stream(head: Head) -> AnswerStream:
    """A renderer of one streamed answer."""
    return TextStream(head)


class TextStream:
    """Events of one answer."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._offsets: dict[int, int] = {}  # characters of each choice so far, where tokens are listed

    def delta(self, delta: Delta) -> bytes:
        """One event for one delta."""
        offset = self._offsets.get(delta.index, 0)
        if delta.logprobs:
            self._offsets[delta.index] = offset + sum(len(entry.token) for entry in delta.logprobs)
        choice = _choice(self._head, delta.index, delta.content, delta.finish_reason, delta.logprobs, offset)
        return event(_encode(_wire(self._head, [choice])))

    def end(self, usage: Usage, confidence: float | None) -> bytes:
        """The event with the usage and no choice, where it was asked for."""
        head = self._head
        return event(_encode(_wire(head, [], _usage(usage, head)))) if head.include_usage else b""
