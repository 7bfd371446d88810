"""OpenAI's Responses: items in and out, a stream of numbered events, conversations that go on from stored ones. Pure.

What differs from OpenAI: thoughts are shown as they are, since they belong to whoever runs the model.
"""

from __future__ import annotations

from collections.abc import Mapping

from antiphon.chat import ChatRequest, Completion
from antiphon.completions.dialects import AnswerStream, Head, RequestBounds
from antiphon.completions.dialects.field_names import FieldNames
from antiphon.completions.dialects.openai import request
from antiphon.completions.dialects.openai_responses import answer
from antiphon.completions.dialects.openai_responses.request import ResponseBody, neutral
from antiphon.completions.dialects.openai_responses.stream import ResponseStream

RULES = request.DoorRules(name="responses", stores=True)
BODY = ResponseBody
ANSWER = answer.WireResponse
NAMES = FieldNames(
    (r"messages.*", "input"),  # items are no turns, so the number of one tells nothing of the other
    (r"max_tokens$", "max_output_tokens"),
    (r"response_format\.json_schema", "text.format"),
    (r"response_format", "text.format"),
    (r"tools\[(\d+)\]\.function", r"tools[\1]"),
    (r"tool_choice\.function", "tool_choice"),
    limit="max_output_tokens",
)
_reader = request.Reader(ResponseBody)


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
    wire = answer.response(head, "completed", answer.items(choice, head))
    return answer.encode(answer.ended(wire, choice.finish_reason, completion.usage, head))


def stream(head: Head) -> AnswerStream:
    """A renderer of one streamed answer."""
    return ResponseStream(head)
