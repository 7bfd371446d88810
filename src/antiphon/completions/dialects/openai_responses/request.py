"""The fields of a request to OpenAI's Responses, and how a checked body becomes neutral. Pure.

Whatever the gateway has for chats is taken here too. What it cannot do is refused by name.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from antiphon.chat import ChatRequest, NamedTool, Reasoning, ResponseFormat, Tool, ToolChoice
from antiphon.completions.dialects import RequestBounds
from antiphon.completions.dialects.openai.fields import Name, Tokens, TopLogprobs
from antiphon.completions.dialects.openai.request import (
    Asked,
    DoorRules,
    GeneratingBody,
    check_generating,
    prices_max,
    sampling,
)
from antiphon.completions.dialects.openai.tools import JsonObjectFormat, NamedSchema, TextFormat
from antiphon.completions.dialects.openai_responses.items import Input, check_outputs, composed, turns
from antiphon.errors import BadRequest
from antiphon.http.decode import whole

LOGPROBS = "message.output_text.logprobs"
Included = Literal[
    "message.output_text.logprobs", "reasoning.encrypted_content", "message.input_image.image_url",
    "web_search_call.action.sources", "code_interpreter_call.outputs", "computer_call_output.output.image_url",
    "file_search_call.results",
]  # fmt: skip
REFUSED = {
    "background": "answers are made while the client waits; leave it out and stream",
    "conversation": "use previous_response_id, or a session_id",
    "prompt": "use a project, which has its prompt here",
    "context_management": "use truncation",
    "max_tool_calls": "how often a project's tools are used is bounded here",
    "moderation": "nothing here moderates",
    "image": "images are taken as they are",
    "access_programs": "there are none here",
    "prompt_cache_options": "beginnings are cached by themselves",
}


class SchemaFormat(NamedSchema, tag="json_schema", tag_field="type"):
    """JSON that the schema accepts; its fields stand beside `type` here."""


class TextConfig(Struct):
    """What the text must be."""

    format: TextFormat | JsonObjectFormat | SchemaFormat | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class WireReasoning(Struct):
    """How much the model may think. A `summary`, if wanted, is the thought itself; the last three are the gateway's."""

    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None
    generate_summary: Literal["auto", "concise", "detailed"] | None = None
    max_tokens: Tokens = None
    exclude: bool | None = None
    enabled: bool | None = None


class WireTool(Struct):
    """A function that the model may call; tools of any other type are refused by name."""

    type: str
    name: Name | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None  # Any: the caller's schema, until `structured` checks it
    strict: bool | None = None


class AllowedTool(Struct):
    """One of the tools that the model may choose from."""

    type: str
    name: Name | None = None


class WireToolChoice(Struct):
    """A forced function (`name`), or which of the tools may be called at all (`mode`, `tools`)."""

    type: str
    name: Name | None = None
    mode: Literal["auto", "required"] | None = None
    tools: list[AllowedTool] | None = None


class ResponseBody(GeneratingBody, kw_only=True):
    """POST /v1/responses. Null means the same as absent, everywhere."""

    input: Input
    instructions: str | None = None
    previous_response_id: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    max_output_tokens: Tokens = None
    top_logprobs: TopLogprobs = None
    include: list[Included] | None = None
    text: TextConfig | None = None
    reasoning: WireReasoning | None = None
    tools: list[WireTool] | None = None
    tool_choice: Literal["auto", "none", "required"] | WireToolChoice | None = None
    parallel_tool_calls: bool | None = None
    truncation: Literal["auto", "disabled"] | None = None
    system_prompt_args: dict[str, Any] | None = None  # Any: values of any JSON type, printed into a template
    use_tools: bool | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    background: Any = None  # Any, here and below: refused, whatever it is
    conversation: Any = None
    prompt: Any = None
    context_management: Any = None
    max_tool_calls: Any = None
    moderation: Any = None
    image: Any = None
    access_programs: Any = None
    prompt_cache_options: Any = None


def neutral(wire: ResponseBody, asked: Asked, bounds: RequestBounds, rules: DoorRules) -> ChatRequest:
    """The request that a body means; BadRequest names the field and the rule."""
    check_generating(wire, bounds, rules)
    _check(wire, bounds)
    tools, choice = _tools(wire)
    top = whole(wire.top_logprobs, "top_logprobs")
    logprobs = top is not None or LOGPROBS in (wire.include or ())
    limit = "max_tokens" if wire.max_output_tokens is None else "max_output_tokens"
    max_tokens = whole(wire.max_tokens if wire.max_output_tokens is None else wire.max_output_tokens, limit)
    drawn = sampling(wire, max_tokens, logprobs, top or 0)
    return ChatRequest(
        model=wire.model,
        messages=composed(wire.instructions, (), turns(wire.input)),
        sampling=drawn if rules.defaults is None else drawn.filled(rules.defaults),
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=wire.parallel_tool_calls is not False,
        response_format=_format(wire.text),
        reasoning=_reasoning(wire.reasoning),
        stream=wire.stream is True,
        timeout_s=wire.timeout_secs,
        max_ttft_s=None if wire.max_ttft_ms is None else wire.max_ttft_ms / 1000,
        drops_turns=wire.truncation == "auto",
        door=rules.name,
        user=wire.user,
        session_id=asked.session_id,
        store=wire.store,
        stores=rules.stores,
        prices_max=prices_max(wire),
        labels=wire.all_labels,
        tags=tuple(wire.tags) if wire.tags else (),
        campaign=wire.ab_campaign,
        system_prompt_args=wire.system_prompt_args,
        use_tools=wire.use_tools,
        ignored_fields=asked.ignored,
        instructions=wire.instructions,
        previous_id=wire.previous_response_id,
    )


def _check(wire: ResponseBody, bounds: RequestBounds) -> None:
    for name, reason in REFUSED.items():
        if getattr(wire, name) not in (None, False):
            raise BadRequest(f"{name}: not supported, {reason}.", param=name)
    if (whole(wire.n, "n") or 1) > 1:
        raise BadRequest("n: a response has one answer.", param="n")
    if isinstance(wire.input, list) and len(wire.input) > bounds.messages_max:
        raise BadRequest(f"input: at most {bounds.messages_max} items are allowed.", param="input")
    if wire.previous_response_id is None:  # which has the calls
        check_outputs(wire.input)
    if wire.text is not None and wire.text.verbosity not in (None, "medium"):
        raise BadRequest("text.verbosity: only `medium`, say it in the instructions.", param="text.verbosity")
    reasoning = wire.reasoning
    if reasoning and reasoning.effort is not None and reasoning.max_tokens is not None:
        raise BadRequest("reasoning: give effort or max_tokens, not both.", param="reasoning")


def _tools(wire: ResponseBody) -> tuple[tuple[Tool, ...], ToolChoice]:
    """The functions that may be called, and what is to be chosen of them."""
    tools = tuple(_tool(tool, f"tools[{i}]") for i, tool in enumerate(wire.tools or ()))
    choice = wire.tool_choice
    if not tools:
        if choice not in (None, "none", "auto"):
            raise BadRequest("tool_choice: needs tools.", param="tool_choice")
        return (), "none"
    if not isinstance(choice, WireToolChoice):
        return tools, choice or "auto"
    if choice.type == "function":
        if choice.name is None:
            raise BadRequest("tool_choice.name: required.", param="tool_choice.name")
        return tools, NamedTool(choice.name)
    if choice.type != "allowed_tools":
        raise BadRequest("tool_choice.type: `function` or `allowed_tools` is expected.", param="tool_choice.type")
    return _allowed(tools, choice), choice.mode or "auto"


def _allowed(tools: tuple[Tool, ...], choice: WireToolChoice) -> tuple[Tool, ...]:
    """Those of the tools that are allowed by name."""
    names = {allowed.name for allowed in choice.tools or () if allowed.type == "function"}
    known = {tool.name for tool in tools}
    if len(names) != len(choice.tools or ()) or not names or not names <= known:
        raise BadRequest("tool_choice.tools: names of some of the tools are expected.", param="tool_choice.tools")
    return tuple(tool for tool in tools if tool.name in names)


def _tool(wire: WireTool, param: str) -> Tool:
    if wire.type != "function":
        raise BadRequest(f"{param}.type: only functions are taken here.", param=f"{param}.type")
    if wire.name is None:
        raise BadRequest(f"{param}.name: required.", param=f"{param}.name")
    return Tool(wire.name, wire.description or "", wire.parameters or {}, wire.strict is True)


def _format(text: TextConfig | None) -> ResponseFormat:
    if text is None or text.format is None or isinstance(text.format, TextFormat):
        return ResponseFormat()
    if isinstance(text.format, JsonObjectFormat):
        return ResponseFormat("json_object")
    return ResponseFormat("json_schema", text.format.name, text.format.schema)


def _reasoning(wire: WireReasoning | None) -> Reasoning:
    if wire is None:
        return Reasoning()
    return Reasoning(
        effort="xhigh" if wire.effort == "max" else wire.effort,
        max_tokens=whole(wire.max_tokens, "reasoning.max_tokens"),
        exclude=wire.exclude is True,
        enabled=wire.enabled,
        summary=wire.summary or wire.generate_summary,
    )
