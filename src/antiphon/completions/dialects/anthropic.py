"""Anthropic's Messages: blocks in and out, a stream of named events. Pure.

`max_tokens` is lowered to what the context leaves: clients must say some number, and few know the model's. Thoughts
have no signature, since nobody here seals them.
"""

from __future__ import annotations

from collections.abc import Mapping

from antiphon.chat import ChatRequest, Completion
from antiphon.completions.dialects import AnswerStream, Head, RequestBounds
from antiphon.completions.dialects.anthropic_messages import answer
from antiphon.completions.dialects.anthropic_messages.request import MessagesBody, neutral
from antiphon.completions.dialects.anthropic_messages.stream import MessageStream
from antiphon.completions.dialects.field_names import FieldNames
from antiphon.completions.dialects.openai import request

RULES = request.DoorRules(name="anthropic", shortens=True)
BODY = MessagesBody
ANSWER = answer.WireMessage
NAMES = FieldNames(
    (r"messages.*", "messages"),  # its turns become others here, so the number of one tells nothing of the other
    (r"stop$", "stop_sequences"),
    (r"reasoning\.max_tokens$", "thinking.budget_tokens"),
    (r"response_format\.json_schema", "output_config.format"),
    (r"response_format", "output_config.format"),
    (r"tools\[(\d+)\]\.function\.parameters", r"tools[\1].input_schema"),
    (r"tools\[(\d+)\]\.function", r"tools[\1]"),
    (r"tool_choice\.function", "tool_choice"),
)
_reader = request.Reader(MessagesBody)


def parse(body: bytes, headers: Mapping[bytes, bytes], bounds: RequestBounds) -> ChatRequest:
    """Read and check a request; BadRequest names the field and the rule."""
    wire, ignored = _reader.read(body, strict=bounds.strict_fields)
    asked = request.Asked(ignored, request.session_id(headers, wire.session_id))
    return neutral(wire, asked, bounds, RULES)


def id_prefix(*, dria: bool) -> str:
    """How the ids of answers begin."""
    return answer.ID_PREFIX


def render(completion: Completion, head: Head) -> bytes:
    """The plain answer as JSON bytes."""
    (choice,) = completion.choices
    usage = answer.usage(completion.usage, exact=head.exact)
    return answer.encode(answer.message(head, answer.blocks(choice), usage, choice))


def stream(head: Head) -> AnswerStream:
    """A renderer of one streamed answer."""
    return MessageStream(head)
