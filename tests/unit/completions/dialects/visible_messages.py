"""Where the fields of Anthropic's messages are to be seen once they are parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from antiphon.chat import ChatRequest, Image, NamedTool, Reasoning

Value = Any  # Any: whatever JSON a field holds
Seen = Callable[[Value, Any], bool]  # Any: ChatRequest, or a request for vectors
CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def _messages(value: Value, request: ChatRequest) -> bool:
    """All texts, thoughts, images, calls and their results."""
    told = []
    for turn in request.messages:
        content = turn.content if isinstance(turn.content, tuple) else (turn.text,)
        told += [turn.reasoning or "", turn.tool_call_id or ""]
        told += [part.url if isinstance(part, Image) else str(part) for part in content]
        told += [word for call in turn.tool_calls for word in (call.id, call.name, call.arguments)]
    shown = "\n".join(told)
    return all(word in shown for turn in value for word in _words(turn["content"]))


def _words(content: Value) -> Iterator[str]:
    if isinstance(content, str):
        yield content
        return
    for block in content:
        source = block.get("source", {})
        yield from (source[name] for name in ("data", "url") if name in source)
        yield from (block[name] for name in ("text", "thinking", "name", "tool_use_id") if name in block)
        if "input" in block:
            yield msgspec.json.encode(block["input"]).decode()
        yield from _words(block.get("content", []))
        if block.get("is_error"):
            yield f"Error: {block['content']}"


def _system(value: Value, request: ChatRequest) -> bool:
    texts = [value] if isinstance(value, str) else [block["text"] for block in value]
    return request.messages[0].text == "\n\n".join(texts)


def _tools(value: Value, request: ChatRequest) -> bool:
    found = [(tool.name, tool.description, tool.parameters, tool.strict) for tool in request.tools]
    return found == [(one["name"], one["description"], one["input_schema"], one.get("strict", False)) for one in value]


def _tool_choice(value: Value, request: ChatRequest) -> bool:
    wanted = NamedTool(value["name"]) if value["type"] == "tool" else CHOICES[value["type"]]
    parallel = not value.get("disable_parallel_tool_use", False)
    return request.tool_choice == (wanted if request.tools else "none") and request.parallel_tool_calls is parallel


def _thinking(value: Value, request: ChatRequest) -> bool:
    found = request.reasoning
    if value["type"] == "disabled":
        return found == Reasoning(enabled=False)
    hidden = value.get("display") == "omitted"
    return (found.enabled, found.max_tokens, found.exclude) == (True, value.get("budget_tokens"), hidden)


def _output_config(value: Value, request: ChatRequest) -> bool:
    """The schema; the effort, unless so many tokens are thought, or none."""
    if "format" in value and request.response_format.schema != value["format"]["schema"]:
        return False
    found = request.reasoning
    return found.effort == value.get("effort") or found.max_tokens is not None or found.enabled is False


def _metadata(value: Value, request: ChatRequest) -> bool:
    """The user is told apart from labels; the field `user` wins."""
    labels = {name: told for name, told in value.items() if name != "user_id"}
    return (request.user is None) <= ("user_id" not in value) and labels.items() <= (request.labels or {}).items()


SEEN: Mapping[str, Seen] = {
    "messages": _messages,
    "system": _system,
    "stop_sequences": lambda value, request: request.sampling.stop == tuple(value),
    "tools": _tools,
    "tool_choice": _tool_choice,
    "thinking": _thinking,
    "output_config": _output_config,
    "metadata": _metadata,
}
