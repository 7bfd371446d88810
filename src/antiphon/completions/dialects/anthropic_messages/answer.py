"""A message as Anthropic shows it: blocks, why it stopped, what it took. Pure."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from antiphon.chat import Choice, Delta, FinishReason, Usage
from antiphon.completions.dialects import Head
from antiphon.completions.dialects.openai.answer import Cost, cost

Json = dict[str, Any]  # Any: blocks have several forms, all of them the vendor's
ID_PREFIX = "msg_"
STOP_REASONS: dict[FinishReason, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


class WireUsage(Struct):
    """Token counts: those of the prompt that were at hand are not among `input_tokens`."""

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cost: Cost | UnsetType = UNSET


class WireMessage(Struct):
    """A message, whole or just begun; with `completion_id`, for feedback, where it is stored."""

    id: str
    model: str
    content: list[Json]
    stop_reason: str | None
    usage: WireUsage
    type: str = "message"
    role: str = "assistant"
    stop_sequence: str | None = None
    completion_id: str | UnsetType = UNSET


def message(head: Head, content: list[Json], usage: WireUsage, ended: Choice | Delta | None = None) -> WireMessage:
    """The message with these blocks, and why it ended if it has."""
    wire = WireMessage(head.id, head.model, content, None, usage)
    if ended is not None:
        wire.stop_reason, wire.stop_sequence = reason(ended)
    if head.completion_ids and not head.exact:
        wire.completion_id = head.completion_ids[0]
    return wire


def reason(ended: Choice | Delta) -> tuple[str, str | None]:
    """Why an answer stopped, and at which stop text."""
    if ended.finish_reason == "stop" and ended.stop is not None:
        return "stop_sequence", ended.stop
    return STOP_REASONS[ended.finish_reason or "stop"], None


def blocks(choice: Choice) -> list[Json]:
    """The blocks of a whole answer: its thought, its text, its calls."""
    made: list[Json] = []
    if choice.reasoning:
        made.append({"type": "thinking", "thinking": choice.reasoning, "signature": ""})
    if choice.content:
        made.append({"type": "text", "text": choice.content})
    made += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": _arguments(call.arguments)}
        for call in choice.tool_calls
    ]
    return made


def usage(counted: Usage, *, exact: bool) -> WireUsage:
    """The counts, with what the request cost where it is charged."""
    fresh = max(0, counted.prompt_tokens - counted.cached_tokens)
    wire = WireUsage(fresh, counted.completion_tokens, counted.prompt_tokens - fresh)
    if counted.cost is not None and not exact:
        wire.cost = cost(counted.cost)
    return wire


def _arguments(text: str) -> msgspec.Raw:
    """The arguments of a call, which are an object here; none where they were cut."""
    try:
        msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return msgspec.Raw(b"{}")
    return msgspec.Raw(text.encode())


encode = msgspec.json.encode
