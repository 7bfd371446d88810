"""The documented form of Anthropic's messages, plain and as a stream of named events."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from tests.unit.completions.dialects.documented import Meaning, Read, read
from tests.unit.completions.dialects.documented_responses import events

FINISHES = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls", "refusal": "content_filter"}


class TextBlock(Struct, tag="text", tag_field="type"):
    """What was said."""

    text: str


class ThinkingBlock(Struct, tag="thinking", tag_field="type"):
    """What was thought."""

    thinking: str
    signature: str


class ToolUse(Struct, tag="tool_use", tag_field="type"):
    """What is to be called."""

    id: str
    name: str
    input: dict[str, Any]


class Usage(Struct):
    """The counts; the prompt is the sum of three."""

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int
    cache_creation_input_tokens: int


class Message(Struct):
    """A message."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[TextBlock | ThinkingBlock | ToolUse]
    stop_reason: str | None
    stop_sequence: str | None
    usage: Usage


def messages(body: bytes, exact: bool) -> Meaning:
    """What a message means."""
    wire = read(body, Message, exact=exact)
    said = Read(finish=FINISHES[wire.stop_reason or ""])
    for block in wire.content:
        if isinstance(block, TextBlock):
            said.text += block.text
        elif isinstance(block, ThinkingBlock):
            said.reasoning += block.thinking
        else:
            said.calls += ((block.id, block.name, arguments(msgspec.json.encode(block.input).decode())),)
    return Meaning({0: said}, _counts(wire.usage))


def messages_stream(body: bytes, exact: bool) -> Meaning:
    """What a stream means: blocks one behind the other, each from its start to its stop."""
    first, *pieces, last, end = [one for one in events(body) if one["type"] != "ping"]
    begun = read(msgspec.json.encode(first["message"]), Message, exact=exact)
    assert (first["type"], begun.content, begun.stop_reason) == ("message_start", [], None)
    assert (last["type"], end) == ("message_delta", {"type": "message_stop"})
    blocks: list[dict[str, Any]] = []
    stopped = 0
    for one in pieces:
        if one["type"] == "content_block_start":
            assert one["index"] == len(blocks) == stopped
            blocks.append({**one["content_block"], "json": ""})
        elif one["type"] == "content_block_stop":
            assert one["index"] == stopped
            stopped += 1
        else:
            _grow(blocks[one["index"]], one["delta"])
    assert stopped == len(blocks)
    said = Read(finish=FINISHES[last["delta"]["stop_reason"]])
    for block in blocks:
        said.text += block.get("text", "")
        said.reasoning += block.get("thinking", "")
        if block["type"] == "tool_use":
            said.calls += ((block["id"], block["name"], arguments(block["json"])),)
    return Meaning({0: said}, _counts(msgspec.convert(last["usage"], Usage)))


def arguments(text: str) -> str:
    """The arguments of a call, which are an object here; an empty one where they are no JSON."""
    try:
        return msgspec.json.encode(msgspec.json.decode(text, type=dict[str, Any])).decode()
    except msgspec.DecodeError:
        return "{}"


def _grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    kind = delta["type"]
    assert kind == {"text": "text_delta", "thinking": "thinking_delta", "tool_use": "input_json_delta"}[block["type"]]
    if kind == "input_json_delta":
        block["json"] += delta["partial_json"]
    else:
        block[block["type"]] += delta[block["type"]]


def _counts(usage: Usage) -> tuple[int, int]:
    prompt = usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens
    return prompt, usage.output_tokens
