"""Where each field of a request is to be seen once it is parsed, and which are not, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from antiphon.chat import ChatRequest, EmbeddingRequest, Image, Message, NamedTool, Text
from tests.unit.completions.dialects import visible_messages as anthropic
from tests.unit.completions.dialects import visible_responses as responses

Value = Any  # Any: whatever JSON a field holds
Request = Any  # Any: ChatRequest or EmbeddingRequest, of which each field is asked for where it is known to be
Seen = Callable[[Value, Request], bool]

# A field that says the same as another, which wins.
OVERRULED = {
    "max_tokens": "max_completion_tokens",
    "repeat_penalty": "repetition_penalty",
    "reasoning_effort": "reasoning",
}
# Fields, and parts of fields, that are read, checked, and then of no effect; a name without a dot is a whole field.
WITHOUT_EFFECT: Mapping[str, str] = {
    "safety_identifier": "for the bookkeeping of OpenAI, who trace users by it",
    "prompt_cache_key": "engines find what they have at hand by the prompt itself",
    "modalities": "only text can be asked for, which is what there is",
    "best_of": "only n can be asked for, which is what there is",
    "suffix": "refused unless it is empty",
    "messages.content.image_url.detail": "every engine sees an image in its own size",
    "messages.refusal": "what a model refused in an earlier turn stands in no template",
    "messages.tool_calls.type": "there is one kind",
    "tools.type": "there is one kind",
    "response_format.json_schema.description": "a schema binds the answer; no model is told of it",
    "response_format.json_schema.strict": "every schema binds here",
    "background": "only false can be asked for, which is what there is",
    "prompt_cache_retention": "how long engines have what at hand is theirs to say",
    "input.id": "an item that is sent whole needs no name",
    "input.type": "an item without it is a message",
    "input.status": "what is sent has come to its end",
    "input.content.detail": "every engine sees an image in its own size",
    "input.content.annotations": "no model here cites",
    "input.content.logprobs": "no template has a place for them",
    "context_management": "only what keeps all of the context can be asked for",
    "cache_control": "beginnings are cached by themselves",
    "messages.content.cache_control": "as of the whole request",
    "system.cache_control": "as of the whole request",
    "system.cache_control.type": "as of the whole request",
    "cache_control.type": "as of the whole request",
    "messages.content.signature": "nobody here seals thoughts",
    "messages.content.data": "a thought that was sealed elsewhere cannot be read",
    "messages.content.source.type": "an image that has data has no address",
    "system.type": "there is one kind",
    "messages.content.content.type": "there is one kind",
    "output_config.format.type": "there is one kind",
    "text.format.description": "a schema binds the answer; no model is told of it",
    "text.format.strict": "every schema binds here",
}


def value_at(name: str) -> Seen:
    """The field is found under a name, as it is."""
    return lambda value, request: bool(getattr(request, name) == value)


def drawn(name: str) -> Seen:
    """The field is found among those of sampling, as it is."""
    return lambda value, request: bool(getattr(request.sampling, name) == value)


def _tuple(value: Value) -> tuple[Value, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _prompts(value: Value) -> tuple[Value, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value[0], int):
        return (tuple(value),)
    return tuple(one if isinstance(one, str) else tuple(one) for one in value)


def _message_is_seen(wire: Mapping[str, Value], message: Message) -> bool:
    """Role, text, images, name, calls and notes of one turn."""
    content = wire.get("content")
    parts = [{"type": "text", "text": content or ""}] if not isinstance(content, list) else content
    text = "".join(part["text"] for part in parts if part["type"] == "text")
    images = [part["image_url"] for part in parts if part["type"] == "image_url"]
    addresses = [image if isinstance(image, str) else image["url"] for image in images]
    shown = message.content if isinstance(message.content, tuple) else (Text(message.content or ""),)
    calls = [
        (call["id"], call["function"]["name"], call["function"]["arguments"]) for call in wire.get("tool_calls") or ()
    ]
    return (
        message.role == wire["role"].replace("developer", "system")
        and message.text == text
        and [part.url for part in shown if isinstance(part, Image)] == addresses
        and message.name == wire.get("name")
        and [(call.id, call.name, call.arguments) for call in message.tool_calls] == calls
        and message.tool_call_id == wire.get("tool_call_id")
        and message.reasoning == (wire.get("reasoning_content") or wire.get("reasoning"))
        and (message.completion_id, message.metadata) == (wire.get("completion_id"), wire.get("metadata"))
    )


def _messages(value: Value, request: ChatRequest) -> bool:
    return len(value) == len(request.messages) and all(map(_message_is_seen, value, request.messages))


def _tools(value: Value, request: ChatRequest) -> bool:
    """Definitions and switches, each in their order."""
    functions = [one["function"] for one in value if "function" in one]
    found = [(tool.name, tool.description, tool.parameters, tool.strict) for tool in request.tools]
    switches = [(one["id"], one["enabled"]) for one in value if "id" in one]
    return found == [
        (one["name"], one.get("description", ""), one.get("parameters", {}), one.get("strict", False))
        for one in functions
    ] and switches == [(one.id, one.enabled) for one in request.tool_overrides]


def _tool_choice(value: Value, request: ChatRequest) -> bool:
    """As it is where there are tools."""
    wanted = value if isinstance(value, str) else NamedTool(value["function"]["name"])
    return request.tool_choice == (wanted if request.tools else "none")


def _response_format(value: Value, request: ChatRequest) -> bool:
    """Kind, name and schema."""
    told = value.get("json_schema", {"name": "", "schema": True})
    found = request.response_format
    return (found.kind, found.name, found.schema) == (value["type"], told["name"], told["schema"])


def _reasoning(value: Value, request: ChatRequest) -> bool:
    """All four of its fields."""
    found = request.reasoning
    wanted = (value.get("effort"), value.get("max_tokens"), value.get("exclude") is True, value.get("enabled"))
    return (found.effort, found.max_tokens, found.exclude, found.enabled) == wanted


def _logprobs(value: Value, request: ChatRequest) -> bool:
    """True or false for a chat; the number of alternatives for a text completion."""
    if isinstance(value, bool):
        return request.sampling.logprobs is value
    return (request.sampling.logprobs, request.sampling.top_logprobs) == (True, value)


def _embedded_as(value: Value, request: EmbeddingRequest) -> bool:
    return request.base64 is (value in ("base64", "Base64"))


def _micro(prices: Value, name: str) -> int | None:
    """A price in micro-USDC."""
    return None if prices.get(name) is None else round(prices[name] * 1_000_000)


SEEN: Mapping[str, Seen] = {
    **{name: value_at(name) for name in ("model", "stream", "parallel_tool_calls", "store", "user", "session_id")},
    **{name: value_at(name) for name in ("system_prompt_args", "use_tools", "echo", "dimensions")},
    **{name: drawn(name) for name in ("max_tokens", "temperature", "top_p", "top_k", "min_p", "seed", "logit_bias")},
    **{name: drawn(name) for name in ("frequency_penalty", "presence_penalty", "repetition_penalty", "top_logprobs")},
    "max_completion_tokens": drawn("max_tokens"),
    "repeat_penalty": drawn("repetition_penalty"),
    "n": lambda value, request: request.n == (value or 1),
    "stop": lambda value, request: request.sampling.stop == _tuple(value),
    "logprobs": _logprobs,
    "stream_options": lambda value, request: request.include_usage == value.get("include_usage", False),
    "timeout_secs": value_at("timeout_s"),
    "max_ttft_ms": lambda value, request: request.max_ttft_s == value / 1000,
    "max_price": lambda value, request: request.prices_max == (_micro(value, "prompt"), _micro(value, "completion")),
    "prompt_truncate_len": lambda value, request: request.prompt_limit_firm and request.prompt_tokens_max == value,
    "messages": _messages,
    "prompt": lambda value, request: request.prompts == _prompts(value),
    "input": lambda value, request: request.inputs == _prompts(value),
    "encoding_format": _embedded_as,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "response_format": _response_format,
    "reasoning": _reasoning,
    "reasoning_effort": lambda value, request: request.reasoning.effort == value.replace("max", "xhigh"),
    "labels": lambda value, request: value.items() <= request.labels.items(),
    "metadata": lambda value, request: value.keys() <= request.labels.keys(),
    "tags": lambda value, request: request.tags == tuple(value),
    "ab_campaign": value_at("campaign"),
}


# What the same name says otherwise at a door of its own.
SEEN_AT: Mapping[str, Mapping[str, Seen]] = {"responses": responses.SEEN, "anthropic": anthropic.SEEN}


def is_seen(name: str, fields: Mapping[str, Value], request: Request) -> bool:
    """Whether a field that is set can be seen in the parsed request, or is named as ignored, or needs not be."""
    value = fields[name]
    if value is None or fields.get(OVERRULED.get(name, ""), None) is not None:
        return True
    if name in request.ignored_fields or name in WITHOUT_EFFECT:
        return True
    return (SEEN_AT.get(request.door, {}).get(name) or SEEN[name])(value, request)
