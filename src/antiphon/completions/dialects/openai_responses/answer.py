"""A response as OpenAI shows it: what was asked for, the items of the output, what they took. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from antiphon.chat import Choice, Logprob, NamedTool, ResponseFormat, TokenLogprob, Tool, ToolChoice, Usage
from antiphon.completions.dialects import Head
from antiphon.completions.dialects.openai.answer import CachedTokens, Cost, ReasoningTokens, cost
from antiphon.interactions.model import Parameters

Json = dict[str, Any]  # Any: items and formats have many forms, all of them the vendor's
ID_PREFIX = "resp_"


class InputTokens(CachedTokens):
    """The prompt's tokens, told apart; nothing is charged for what is written to a cache."""

    cache_write_tokens: int = 0


class WireUsage(Struct):
    """Token counts, with what the response cost where it is charged."""

    input_tokens: int
    input_tokens_details: InputTokens
    output_tokens: int
    output_tokens_details: ReasoningTokens
    total_tokens: int
    cost: Cost | UnsetType = UNSET


class WireError(Struct):
    """Why a response failed."""

    code: str
    message: str


class Incomplete(Struct):
    """Why a response is not whole."""

    reason: str


class WireResponse(Struct, kw_only=True):
    """A response, whole or under way; with `completion_id`, for feedback, where it is stored."""

    id: str
    object: str = "response"
    created_at: int
    status: str
    background: bool = False
    error: WireError | None = None
    incomplete_details: Incomplete | None = None
    instructions: str | None = None
    max_output_tokens: int | None = None
    max_tool_calls: None = None
    metadata: dict[str, str] = {}
    model: str
    output: list[Json]
    parallel_tool_calls: bool = True
    previous_response_id: str | None = None
    reasoning: Json
    service_tier: str = "default"
    store: bool = False
    temperature: float | None = None
    text: Json
    tool_choice: str | Json = "auto"
    tools: list[Json]
    top_logprobs: int = 0
    top_p: float | None = None
    truncation: str = "disabled"
    usage: WireUsage | None = None
    user: str | None = None
    completion_id: str | UnsetType = UNSET


def response(head: Head, status: str, output: Sequence[Json] = ()) -> WireResponse:
    """The response in that state, with what was asked for."""
    echo = head.echo
    asked = Parameters() if echo is None else echo.parameters
    sampling = asked.sampling
    wire = WireResponse(
        id=head.id,
        created_at=int(head.created),
        status=status,
        instructions=asked.instructions,
        max_output_tokens=sampling.max_tokens,
        model=head.model,
        output=list(output),
        parallel_tool_calls=asked.parallel_tool_calls,
        previous_response_id=asked.previous_id,
        reasoning={"effort": asked.reasoning.effort, "summary": asked.reasoning.summary},
        temperature=1.0 if sampling.temperature is None else sampling.temperature,
        text={"format": _format(asked.response_format), "verbosity": "medium"},
        tool_choice=_choice(asked.tool_choice) if asked.tools else "auto",
        tools=[_tool(tool) for tool in asked.tools],
        top_logprobs=sampling.top_logprobs,
        top_p=1.0 if sampling.top_p is None else sampling.top_p,
        truncation="auto" if asked.drops_turns else "disabled",
    )
    if echo is not None:
        wire.metadata, wire.user, wire.store = echo.labels, echo.user, echo.stored
        if echo.stored and not head.exact:
            wire.completion_id = head.completion_ids[0]
    return wire


def ended(wire: WireResponse, finish_reason: str | None, usage: Usage, head: Head) -> WireResponse:
    """The same at its end: completed, or cut at a limit."""
    reason = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(finish_reason or "")
    wire.status = "incomplete" if reason else "completed"
    wire.incomplete_details = Incomplete(reason) if reason else None
    wire.usage = _usage(usage, exact=head.exact)
    return wire


def items(choice: Choice, head: Head) -> list[Json]:
    """The items of a whole answer: its thought, its text, its calls."""
    ids, made = suffix(head), []
    ending = "incomplete" if choice.finish_reason in ("length", "content_filter") else "completed"
    if choice.reasoning:
        made.append(thought(f"rs_{ids}", choice.reasoning, summary=summarizes(head)))
    if choice.content or not choice.tool_calls:
        made.append(message(f"msg_{ids}", choice.content or "", choice.logprobs or (), ending))
    for i, one in enumerate(choice.tool_calls):
        made.append(call(f"fc_{ids}_{i}", one.id, one.name, one.arguments, "completed"))
    return made


def suffix(head: Head) -> str:
    """What the ids of a response's items share with its own."""
    return head.id.removeprefix(ID_PREFIX)


def summarizes(head: Head) -> bool:
    """Whether thoughts are shown as summaries of themselves."""
    return head.echo is not None and head.echo.parameters.reasoning.summary is not None


def message(item_id: str, text: str, logprobs: Sequence[Logprob], status: str) -> Json:
    """The item of a text."""
    part = text_part(text, logprobs)
    return {"id": item_id, "type": "message", "status": status, "role": "assistant", "content": [part]}


def text_part(text: str, logprobs: Sequence[Logprob] = ()) -> Json:
    """The only part of a text's item."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": shown_logprobs(logprobs)}


def shown_logprobs(logprobs: Sequence[Logprob]) -> list[Json]:
    """The entries; a token's bytes are always told."""
    return [{**_entry(one), "top_logprobs": [_entry(other) for other in one.top_logprobs]} for one in logprobs]


def thought(item_id: str, text: str, *, summary: bool) -> Json:
    """The item of a thought."""
    if summary:
        return {"id": item_id, "type": "reasoning", "summary": [{"type": "summary_text", "text": text}]}
    return {"id": item_id, "type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": text}]}


def call(item_id: str, call_id: str, name: str, arguments: str, status: str) -> Json:
    """The item of a call."""
    wire = {"call_id": call_id, "name": name, "arguments": arguments}
    return {"id": item_id, "type": "function_call", "status": status, **wire}


def _entry(one: Logprob | TokenLogprob) -> Json:
    told = list(one.token.encode("utf-8", "surrogatepass")) if one.bytes is None else one.bytes
    return {"token": one.token, "logprob": one.logprob, "bytes": told}


def _usage(usage: Usage, *, exact: bool) -> WireUsage:
    wire = WireUsage(
        input_tokens=usage.prompt_tokens,
        input_tokens_details=InputTokens(usage.cached_tokens),
        output_tokens=usage.completion_tokens,
        output_tokens_details=ReasoningTokens(usage.reasoning_tokens),
        total_tokens=usage.total_tokens,
    )
    if usage.cost is not None and not exact:
        wire.cost = cost(usage.cost)
    return wire


def _format(wanted: ResponseFormat) -> Json:
    if wanted.kind != "json_schema":
        return {"type": wanted.kind}
    return {"type": "json_schema", "name": wanted.name, "schema": wanted.schema, "strict": True}


def _choice(choice: ToolChoice) -> str | Json:
    return {"type": "function", "name": choice.name} if isinstance(choice, NamedTool) else choice


def _tool(tool: Tool) -> Json:
    told = {"name": tool.name, "description": tool.description or None, "parameters": tool.parameters}
    return {"type": "function", **told, "strict": tool.strict}


encode = msgspec.json.encode
