"""The canonical door's request: OpenAI's fields and those of Dria and DMind, checked and made neutral. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from antiphon.chat import (
    ChatRequest,
    Image,
    Message,
    NamedTool,
    Part,
    Reasoning,
    ResponseFormat,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
)
from antiphon.errors import BadRequest
from antiphon.http.decode import decode, whole

INT64_MAX = 2**63 - 1
METADATA_PAIRS_MAX = 16
ANY_TEXT = ResponseFormat()
AS_USUAL = Reasoning()


Tokens = Annotated[int, Meta(ge=1, le=INT64_MAX)] | Annotated[float, Meta(ge=1, le=1e15)] | None
Seed = Annotated[int, Meta(ge=-(2**63), le=INT64_MAX)] | Annotated[float, Meta(ge=-1e15, le=1e15)] | None
TopK = Annotated[int, Meta(ge=-1, le=2**31 - 1)] | Annotated[float, Meta(ge=-1, le=2**31 - 1)] | None
TopLogprobs = Annotated[int, Meta(ge=0, le=20)] | Annotated[float, Meta(ge=0, le=20)] | None
Choices = Annotated[int, Meta(ge=0, le=INT64_MAX)] | Annotated[float, Meta(ge=0, le=1e15)] | None
Penalty = Annotated[float, Meta(ge=-2, le=2)] | None
Share = Annotated[float, Meta(ge=0, le=1)] | None
StopText = Annotated[str, Meta(min_length=1, max_length=1024)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class ImageUrl(Struct):
    """OpenAI's nested image address; `detail` changes nothing here."""

    url: str
    detail: Literal["auto", "low", "high"] | None = None


class TextPart(Struct, tag="text", tag_field="type"):
    """A text part."""

    text: str


class ImagePart(Struct, tag="image_url", tag_field="type"):
    """An image part; the address nested (OpenAI) or flat (Adaptive)."""

    image_url: ImageUrl | str


class AudioPart(Struct, tag="input_audio", tag_field="type"):
    """Known, to be refused by name: no model here hears."""


WirePart = TextPart | ImagePart | AudioPart


class CalledFunction(Struct):
    """The function of an earlier tool call."""

    name: Name
    arguments: str


class WireCall(Struct):
    """A tool call in an earlier assistant turn."""

    id: Annotated[str, Meta(min_length=1, max_length=256)]
    function: CalledFunction
    type: Literal["function"] = "function"


class WireMessage(Struct):
    """A turn."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[WirePart] | None = None
    name: Name | None = None
    tool_calls: list[WireCall] | None = None
    tool_call_id: Annotated[str, Meta(max_length=256)] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None


class FunctionDefinition(Struct):
    """A function that the model may call. `parameters` stays the caller's JSON until `structured` checks it."""

    name: Name
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class WireTool(Struct):
    """A tool definition."""

    type: Literal["function"]
    function: FunctionDefinition


class ChosenFunction(Struct):
    """The name in a forced tool choice."""

    name: Name


class WireToolChoice(Struct):
    """A forced tool choice."""

    type: Literal["function"]
    function: ChosenFunction


class TextFormat(Struct, tag="text", tag_field="type"):
    """Any text."""


class JsonObjectFormat(Struct, tag="json_object", tag_field="type"):
    """Any JSON object."""


class NamedSchema(Struct):
    """A JSON schema and its name."""

    name: Name
    schema: dict[str, Any] | bool
    description: str | None = None
    strict: bool | None = None


class JsonSchemaFormat(Struct, tag="json_schema", tag_field="type"):
    """JSON that the schema accepts."""

    json_schema: NamedSchema


class StreamOptions(Struct):
    """Only `include_usage` has an effect."""

    include_usage: bool | None = None


class WireReasoning(Struct):
    """OpenRouter's and Nugen's object."""

    effort: Literal["xhigh", "high", "medium", "low", "minimal", "none"] | None = None
    max_tokens: Tokens = None
    exclude: bool | None = None
    enabled: bool | None = None


class ChatBody(Struct):
    """POST /v1/chat/completions. Null means the same as absent, everywhere."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    messages: Annotated[list[WireMessage], Meta(min_length=1)]
    max_tokens: Tokens = None
    max_completion_tokens: Tokens = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Share = None
    top_k: TopK = None
    min_p: Share = None
    frequency_penalty: Penalty = None
    presence_penalty: Penalty = None
    repetition_penalty: Annotated[float, Meta(gt=0, le=2)] | None = None
    repeat_penalty: Annotated[float, Meta(gt=0, le=2)] | None = None
    seed: Seed = None
    logit_bias: dict[str, Annotated[float, Meta(ge=-100, le=100)]] | None = None
    stop: StopText | Annotated[list[StopText], Meta(max_length=4)] | None = None
    n: Choices = None
    logprobs: bool | None = None
    top_logprobs: TopLogprobs = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    timeout_secs: Annotated[float, Meta(gt=0)] | None = None
    max_ttft_ms: Annotated[float, Meta(ge=0)] | None = None
    response_format: TextFormat | JsonObjectFormat | JsonSchemaFormat | None = None
    tools: list[WireTool] | None = None
    tool_choice: Literal["auto", "none", "required"] | WireToolChoice | None = None
    parallel_tool_calls: bool | None = None
    reasoning: WireReasoning | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    user: Annotated[str, Meta(max_length=512)] | None = None
    metadata: dict[str, str] | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    store: bool | None = None
    modalities: list[Literal["text"]] | None = None
    functions: Any = None  # Any: refused, whatever it is
    function_call: Any = None


class KnownChatBody(ChatBody, forbid_unknown_fields=True):
    """The same without any other field: the usual case, told apart while decoding."""


FIELDS = frozenset(ChatBody.__struct_fields__)
_known = msgspec.json.Decoder(KnownChatBody)
_decoder = msgspec.json.Decoder(ChatBody)
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw])


def parse(body: bytes, *, n_max: int, messages_max: int, strict_fields: bool = False) -> ChatRequest:
    """Read and check a request body; BadRequest names the field and the rule."""
    ignored: tuple[str, ...] = ()
    try:
        wire: ChatBody = _known.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        wire, ignored = _read(body)
    if ignored and strict_fields:
        raise BadRequest(f"{ignored[0]}: unknown field.", param=ignored[0])
    _check(wire, n_max=n_max, messages_max=messages_max)
    return ChatRequest(
        model=wire.model,
        messages=tuple([_message(message, i) for i, message in enumerate(wire.messages)]),
        sampling=_sampling(wire),
        n=1 if wire.n is None else whole(wire.n, "n") or 1,
        tools=tuple([_tool(tool) for tool in wire.tools]) if wire.tools else (),
        tool_choice=_tool_choice(wire) if wire.tools else "none",
        parallel_tool_calls=wire.parallel_tool_calls is not False,
        response_format=_format(wire.response_format) if wire.response_format else ANY_TEXT,
        reasoning=_reasoning(wire) if wire.reasoning or wire.reasoning_effort else AS_USUAL,
        stream=wire.stream is True,
        include_usage=wire.stream_options is not None and wire.stream_options.include_usage is True,
        timeout_s=wire.timeout_secs,
        max_ttft_s=None if wire.max_ttft_ms is None else wire.max_ttft_ms / 1000,
        user=wire.user,
        labels=wire.metadata,
        store=wire.store is True,
        ignored_fields=ignored,
    )


def _read(body: bytes) -> tuple[ChatBody, tuple[str, ...]]:
    """The body, and the names of fields that nobody here knows."""
    wire = decode(body, _decoder)
    return wire, tuple(name for name in decode(body, _keys) if name not in FIELDS)


def _check(wire: ChatBody, *, n_max: int, messages_max: int) -> None:
    """The rules that hold between fields."""
    for name, old in (("functions", wire.functions), ("function_call", wire.function_call)):
        if old is not None:
            raise BadRequest(f"{name}: no longer supported, use tools and tool_choice.", param=name)
    if len(wire.messages) > messages_max:
        raise BadRequest(f"messages: at most {messages_max} are allowed.", param="messages")
    if (wire.n or 1) > n_max:
        raise BadRequest(f"n: at most {n_max} choices are allowed.", param="n")
    if wire.top_logprobs and not wire.logprobs:
        raise BadRequest("top_logprobs: needs logprobs to be true.", param="top_logprobs")
    if wire.tool_choice not in (None, "none", "auto") and not wire.tools:
        raise BadRequest("tool_choice: needs tools.", param="tool_choice")
    for token in wire.logit_bias or ():
        if not (token.isascii() and token.isdigit() and len(token) <= 9):
            raise BadRequest("logit_bias: keys are token ids.", param="logit_bias")
    if wire.metadata and len(wire.metadata) > METADATA_PAIRS_MAX:
        raise BadRequest(f"metadata: at most {METADATA_PAIRS_MAX} pairs are allowed.", param="metadata")
    reasoning = wire.reasoning
    if reasoning and reasoning.effort is not None and reasoning.max_tokens is not None:
        raise BadRequest("reasoning: give effort or max_tokens, not both.", param="reasoning")


def _message(wire: WireMessage, i: int) -> Message:
    role = "system" if wire.role == "developer" else wire.role
    if type(wire.content) is str and wire.tool_calls is None and wire.tool_call_id is None and role != "tool":
        return Message(role, wire.content, wire.name, (), None, wire.reasoning_content)
    param = f"messages[{i}]"
    if wire.tool_calls and role != "assistant":
        raise BadRequest(f"{param}.tool_calls: only an assistant message may hold them.", param=f"{param}.tool_calls")
    if role == "tool" and not wire.tool_call_id:
        raise BadRequest(f"{param}.tool_call_id: required in a tool message.", param=f"{param}.tool_call_id")
    if wire.content is None and not wire.tool_calls:
        raise BadRequest(f"{param}.content: required, unless there are tool_calls.", param=f"{param}.content")
    calls = wire.tool_calls or ()
    return Message(
        role=role,
        content=_content(wire.content, role, f"{param}.content"),
        name=wire.name,
        tool_calls=tuple(ToolCall(call.id, call.function.name, call.function.arguments) for call in calls),
        tool_call_id=wire.tool_call_id,
        reasoning=wire.reasoning_content,
    )


def _content(content: str | list[WirePart] | None, role: str, param: str) -> str | tuple[Part, ...] | None:
    """Parts are kept only where there is an image; text parts are joined without a separator."""
    if content is None or isinstance(content, str):
        return content
    if not content:
        raise BadRequest(f"{param}: at least one part is required.", param=param)
    parts: list[Part] = []
    for i, part in enumerate(content):
        if isinstance(part, TextPart):
            parts.append(Text(part.text))
        elif isinstance(part, AudioPart):
            raise BadRequest(f"{param}[{i}]: no model here takes audio.", param=f"{param}[{i}]")
        elif role != "user":
            raise BadRequest(f"{param}[{i}]: only a user message may hold images.", param=f"{param}[{i}]")
        else:
            parts.append(Image(part.image_url if isinstance(part.image_url, str) else part.image_url.url))
    if all(isinstance(part, Text) for part in parts):
        return "".join(part.text for part in parts if isinstance(part, Text))
    return tuple(parts)


def _sampling(wire: ChatBody) -> Sampling:
    limit = "max_tokens" if wire.max_completion_tokens is None else "max_completion_tokens"
    max_tokens = wire.max_tokens if wire.max_completion_tokens is None else wire.max_completion_tokens
    stop = wire.stop
    return Sampling(
        max_tokens if max_tokens is None else whole(max_tokens, limit),
        wire.temperature,
        wire.top_p,
        wire.top_k if wire.top_k is None else whole(wire.top_k, "top_k"),
        wire.min_p,
        wire.frequency_penalty,
        wire.presence_penalty,
        wire.repeat_penalty if wire.repetition_penalty is None else wire.repetition_penalty,
        wire.seed if wire.seed is None else whole(wire.seed, "seed"),
        wire.logit_bias,
        () if stop is None else (stop,) if isinstance(stop, str) else tuple(stop),
        wire.logprobs is True,
        0 if wire.top_logprobs is None else whole(wire.top_logprobs, "top_logprobs") or 0,
    )


def _tool(wire: WireTool) -> Tool:
    function = wire.function
    return Tool(
        name=function.name,
        description=function.description or "",
        parameters=function.parameters or {},
        strict=function.strict is True,
    )


def _tool_choice(wire: ChatBody) -> ToolChoice:
    if isinstance(wire.tool_choice, WireToolChoice):
        return NamedTool(wire.tool_choice.function.name)
    return wire.tool_choice or "auto"


def _format(wire: TextFormat | JsonObjectFormat | JsonSchemaFormat | None) -> ResponseFormat:
    if isinstance(wire, JsonSchemaFormat):
        return ResponseFormat(kind="json_schema", name=wire.json_schema.name, schema=wire.json_schema.schema)
    return ResponseFormat(kind="json_object") if isinstance(wire, JsonObjectFormat) else ResponseFormat()


def _reasoning(wire: ChatBody) -> Reasoning:
    if wire.reasoning is None:
        effort = "xhigh" if wire.reasoning_effort == "max" else wire.reasoning_effort
        return Reasoning(effort=effort)
    return Reasoning(
        effort=wire.reasoning.effort,
        max_tokens=whole(wire.reasoning.max_tokens, "reasoning.max_tokens"),
        exclude=wire.reasoning.exclude is True,
        enabled=wire.reasoning.enabled,
    )
