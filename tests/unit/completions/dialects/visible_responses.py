"""Where the fields of OpenAI's responses are to be seen once they are parsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from antiphon.chat import ChatRequest, Image, NamedTool

Value = Any  # Any: whatever JSON a field holds
Seen = Callable[[Value, Any], bool]  # Any: ChatRequest, or a request for vectors
LOGPROBS = "message.output_text.logprobs"


def _input(value: Value, request: ChatRequest) -> bool:
    """All texts, images, calls and their ids, in their order."""
    told = []
    for turn in request.messages:
        content = turn.content if isinstance(turn.content, tuple) else (turn.text,)
        told += [turn.reasoning or "", *(part.url if isinstance(part, Image) else str(part) for part in content)]
        told += [word for call in turn.tool_calls for word in (call.id, call.name, call.arguments)]
        told += [turn.tool_call_id or ""]
    shown = "\n".join(told)
    words = [value] if isinstance(value, str) else [word for item in value for word in _words(item)]
    return all(word in shown for word in words)


def _words(item: Mapping[str, Value]) -> list[str]:
    parts = [part for name in ("content", "output", "summary") for part in _parts(item.get(name))]
    return parts + [item[name] for name in ("call_id", "name", "arguments") if name in item]


def _parts(content: Value) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [part.get("text") or part.get("refusal") or part["image_url"] for part in content or ()]


def _tools(value: Value, request: ChatRequest) -> bool:
    """Each in its order; a choice of some leaves the others out."""
    found = [(tool.name, tool.description, tool.parameters, tool.strict) for tool in request.tools]
    given = [(one["name"], one["description"], one["parameters"], one["strict"]) for one in value]
    return found == given


def _tool_choice(value: Value, request: ChatRequest) -> bool:
    """As it is where there are tools."""
    if not request.tools:
        return request.tool_choice == "none"
    if isinstance(value, str):
        return request.tool_choice == value
    if value["type"] == "function":
        return request.tool_choice == NamedTool(value["name"])
    names = [tool.name for tool in request.tools]
    return request.tool_choice == value["mode"] and names == [one["name"] for one in value["tools"]]


def _text(value: Value, request: ChatRequest) -> bool:
    """Kind, name and schema."""
    told, found = {"name": "", "schema": True, **value["format"]}, request.response_format
    return (found.kind, found.name, found.schema) == (told["type"], told["name"], told["schema"])


def _reasoning(value: Value, request: ChatRequest) -> bool:
    found = request.reasoning
    return (found.effort, found.summary) == (value.get("effort"), value.get("summary"))


SEEN: Mapping[str, Seen] = {
    "input": _input,
    "instructions": lambda value, request: request.instructions == value and value in request.messages[0].text,
    "previous_response_id": lambda value, request: request.previous_id == value,
    "max_tokens": lambda _value, request: request.sampling.max_tokens is not None,  # or the vendor's own name wins
    "max_output_tokens": lambda value, request: request.sampling.max_tokens == value,
    "top_logprobs": lambda value, request: request.sampling.logprobs and request.sampling.top_logprobs == value,
    "include": lambda value, request: LOGPROBS not in value or request.sampling.logprobs,
    "text": _text,
    "reasoning": _reasoning,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "truncation": lambda value, request: request.drops_turns is (value == "auto"),
}
