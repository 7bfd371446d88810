"""The fields of a request to Anthropic's Messages, and how a checked body becomes neutral. Pure.

Whatever the gateway has for chats is taken here too. What it cannot do is refused by name.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from antiphon.chat import ChatRequest, NamedTool, Reasoning, ResponseFormat, Tool, ToolChoice
from antiphon.completions.dialects import RequestBounds
from antiphon.completions.dialects.anthropic_messages.blocks import WireBlock, WireTurn, check_results, turns
from antiphon.completions.dialects.openai.fields import Name, StopText, Tokens
from antiphon.completions.dialects.openai.request import (
    Asked,
    DoorRules,
    GeneratingBody,
    check_generating,
    prices_max,
    sampling,
)
from antiphon.errors import BadRequest
from antiphon.http.decode import whole

USER = "user_id"  # the only key of Anthropic's metadata
STOPS_MAX = 16
REFUSED = {
    "container": "there are no containers here",
    "mcp_servers": "a project has its tool providers here",
}
KEEPING = "all"  # what an edit of the context keeps that changes nothing


class WireTool(Struct):
    """A function that the model may call; tools of any other type are refused by name."""

    name: Name
    input_schema: dict[str, Any] | None = None  # Any: the caller's schema, until `structured` checks it
    description: str | None = None
    type: str | None = None
    strict: bool | None = None
    cache_control: Any = None  # Any: a hint


class WireToolChoice(Struct):
    """What is to be chosen of the tools."""

    type: Literal["auto", "any", "tool", "none"]
    name: Name | None = None
    disable_parallel_tool_use: bool | None = None


class WireThinking(Struct):
    """Whether the model is to think, and for how many tokens; `omitted` keeps the thought to itself."""

    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: Tokens = None
    display: Literal["summarized", "omitted"] | None = None


class SchemaFormat(Struct):
    """JSON that the schema accepts."""

    type: Literal["json_schema"]
    schema: dict[str, Any]  # Any: as of a tool


class OutputConfig(Struct):
    """What the text must be, and how hard the model is to try."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: SchemaFormat | None = None


class ContextEdit(Struct):
    """Something that is to be taken out of the context."""

    type: str
    keep: Any = None  # Any: a number of turns, or all


class ContextManagement(Struct):
    """What is to become of turns that grow old; only what keeps all of them is taken."""

    edits: list[ContextEdit] | None = None


class MessagesBody(GeneratingBody, kw_only=True):
    """POST /v1/messages. Null means the same as absent, everywhere; `max_tokens` may be left to the model."""

    messages: Annotated[list[WireTurn], Meta(min_length=1)]
    system: str | list[WireBlock] | None = None
    stop_sequences: Annotated[list[StopText], Meta(max_length=STOPS_MAX)] | None = None
    thinking: WireThinking | None = None
    output_config: OutputConfig | None = None
    tools: list[WireTool] | None = None
    tool_choice: WireToolChoice | None = None
    system_prompt_args: dict[str, Any] | None = None  # Any: values of any JSON type, printed into a template
    use_tools: bool | None = None
    cache_control: Any = None  # Any: a hint
    context_management: ContextManagement | None = None
    container: Any = None  # Any, here and below: refused, whatever it is
    mcp_servers: Any = None


def neutral(wire: MessagesBody, asked: Asked, bounds: RequestBounds, rules: DoorRules) -> ChatRequest:
    """The request that a body means; BadRequest names the field and the rule."""
    check_generating(wire, bounds, rules)
    _check(wire, bounds)
    tools = tuple(_tool(tool, f"tools[{i}]") for i, tool in enumerate(wire.tools or ()))
    drawn = sampling(wire, whole(wire.max_tokens, "max_tokens"), False, 0)
    if wire.stop_sequences is not None:
        drawn = replace(drawn, stop=tuple(wire.stop_sequences))
    noted = dict(wire.metadata or {})
    user = noted.pop(USER, None)
    return ChatRequest(
        model=wire.model,
        messages=turns(wire.system, wire.messages),
        sampling=drawn if rules.defaults is None else drawn.filled(rules.defaults),
        tools=tools,
        tool_choice=_choice(wire.tool_choice) if tools else "none",
        parallel_tool_calls=wire.tool_choice is None or wire.tool_choice.disable_parallel_tool_use is not True,
        response_format=_format(wire.output_config),
        reasoning=_reasoning(wire),
        stream=wire.stream is True,
        timeout_s=wire.timeout_secs,
        max_ttft_s=None if wire.max_ttft_ms is None else wire.max_ttft_ms / 1000,
        shortens=rules.shortens,
        door=rules.name,
        user=wire.user or user,
        session_id=asked.session_id,
        store=wire.store,
        stores=rules.stores,
        prices_max=prices_max(wire),
        labels={**noted, **(wire.labels or {})} or None,
        tags=tuple(wire.tags) if wire.tags else (),
        campaign=wire.ab_campaign,
        system_prompt_args=wire.system_prompt_args,
        use_tools=wire.use_tools,
        ignored_fields=asked.ignored,
    )


def _check(wire: MessagesBody, bounds: RequestBounds) -> None:
    for name, reason in REFUSED.items():
        if getattr(wire, name) not in (None, []):
            raise BadRequest(f"{name}: not supported, {reason}.", param=name)
    if (whole(wire.n, "n") or 1) > 1:
        raise BadRequest("n: a message has one answer.", param="n")
    for edit in (wire.context_management and wire.context_management.edits) or ():
        if edit.keep != KEEPING:
            rule = "only edits that keep all are taken, send the turns that are to be read"
            raise BadRequest(f"context_management.edits: {rule}.", param="context_management.edits")
    if len(wire.messages) > bounds.messages_max:
        raise BadRequest(f"messages: at most {bounds.messages_max} are allowed.", param="messages")
    check_results(wire.messages)
    if wire.stop is not None and wire.stop_sequences is not None:
        raise BadRequest("stop: give stop_sequences or stop, not both.", param="stop")
    choice = wire.tool_choice
    if choice is not None and choice.type in ("any", "tool") and not wire.tools:
        raise BadRequest("tool_choice: needs tools.", param="tool_choice")
    if choice is not None and choice.type == "tool" and choice.name is None:
        raise BadRequest("tool_choice.name: required.", param="tool_choice.name")
    _check_thinking(wire.thinking, wire.max_tokens)


def _check_thinking(thinking: WireThinking | None, max_tokens: float | None) -> None:
    if thinking is None:
        return
    param, budget = "thinking.budget_tokens", thinking.budget_tokens
    if (budget is not None) is not (thinking.type == "enabled"):
        raise BadRequest(f"{param}: goes with the type `enabled`, which needs it.", param=param)
    if budget is not None and max_tokens is not None and budget >= max_tokens:
        raise BadRequest(f"{param}: {budget:g} leaves no answer within max_tokens {max_tokens:g}.", param=param)


def _tool(wire: WireTool, param: str) -> Tool:
    if wire.type not in (None, "custom"):
        raise BadRequest(f"{param}.type: only tools of one's own are taken here.", param=f"{param}.type")
    if wire.input_schema is None:
        raise BadRequest(f"{param}.input_schema: required.", param=f"{param}.input_schema")
    return Tool(wire.name, wire.description or "", wire.input_schema, wire.strict is True)


def _choice(wire: WireToolChoice | None) -> ToolChoice:
    if wire is None or wire.type == "auto":
        return "auto"
    if wire.type == "tool":
        return NamedTool(wire.name or "")
    return "required" if wire.type == "any" else "none"


def _format(config: OutputConfig | None) -> ResponseFormat:
    if config is None or config.format is None:
        return ResponseFormat()
    return ResponseFormat("json_schema", "answer", config.format.schema)


def _reasoning(wire: MessagesBody) -> Reasoning:
    """Nothing is thought unless it is asked for: clients of this API count on an answer that begins with its text."""
    thinking = wire.thinking
    effort = None if wire.output_config is None else wire.output_config.effort
    if thinking is None and effort is None:
        return Reasoning(enabled=False)
    if thinking is not None and thinking.type == "disabled":
        return Reasoning(enabled=False)
    hidden = thinking is not None and thinking.display == "omitted"
    if thinking is not None and thinking.budget_tokens is not None:
        budget = whole(thinking.budget_tokens, "thinking.budget_tokens")
        return Reasoning(max_tokens=budget, exclude=hidden, enabled=True)
    return Reasoning(effort="xhigh" if effort == "max" else effort, exclude=hidden, enabled=True)
