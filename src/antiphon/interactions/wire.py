"""Interactions and sessions as our own addresses show them: fields of a request under the request's own names. Pure."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, to_builtins

from antiphon.chat import Image, Message, ResponseFormat, Tool, ToolCall, Usage
from antiphon.interactions.model import Interaction, Parameters, Session, Timings


class WireUsage(Struct):
    """Tokens of one completion."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cached_tokens: int
    reasoning_tokens: int


class WireTimings(Struct):
    """Whole and parts of milliseconds; null where it was not measured."""

    queued_ms: float | None
    ttft_ms: float | None
    total_ms: float | None


class WireInteraction(Struct):
    """One stored completion. `parameters` are as effective, with all defaults filled in."""

    completion_id: str
    answer_id: str
    index: int
    source: str
    created_at_ms: int
    project_id: str | None
    door: str
    request_id: str
    model: str | None
    node: str
    session_id: str | None
    user: str | None
    campaign: str | None
    variant: str | None
    messages: list[dict[str, Any]]
    completion: dict[str, Any]
    finish_reason: str | None
    parameters: dict[str, Any]
    usage: WireUsage
    timings: WireTimings
    labels: dict[str, str]
    tags: tuple[str, ...]
    prompt_hash: str
    error: str | None
    object: str = "interaction"


class WireInteractions(Struct):
    """A part of a list. Give `next` as `after` to go on; `total` is there only when it was asked for."""

    data: list[WireInteraction]
    has_more: bool
    next: str | None
    total: int | None = None
    object: str = "list"


class WireSession(Struct):
    """A session; `turns` counts requests, each with all its choices."""

    session_id: str
    created_at_ms: int
    last_at_ms: int
    turns: int
    object: str = "session"


class WireSessions(Struct):
    """A part of a list of sessions, by their last turns."""

    data: list[WireSession]
    has_more: bool
    next: str | None
    object: str = "list"


class WireSessionTurns(WireSession, kw_only=True):
    """A session with a part of its turns, the oldest first unless asked otherwise."""

    data: list[WireInteraction]
    has_more: bool
    next: str | None


class WireDeleted(Struct):
    """How many interactions are gone."""

    deleted: int
    object: str = "interactions.deleted"


def interaction(row: Interaction) -> WireInteraction:
    """An interaction in full."""
    return WireInteraction(
        completion_id=row.completion_id,
        answer_id=row.answer_id,
        index=row.index,
        source=row.source,
        created_at_ms=row.created_at_ms,
        project_id=row.project_id,
        door=row.door,
        request_id=row.request_id,
        model=row.model,
        node=row.node,
        session_id=row.session_id,
        user=row.user,
        campaign=row.campaign,
        variant=row.variant,
        messages=[message(one) for one in row.messages],
        completion=_completion(row),
        finish_reason=row.finish_reason,
        parameters=parameters(row.parameters),
        usage=_usage(row.usage),
        timings=_timings(row.timings),
        labels=row.labels,
        tags=row.tags,
        prompt_hash=row.prompt_hash,
        error=row.error,
    )


def session(row: Session) -> WireSession:
    """A session without its turns."""
    return WireSession(row.session_id, row.created_at_ms, row.last_at_ms, row.turns)


def message(turn: Message) -> dict[str, Any]:  # Any: OpenAI's own nesting
    """A turn as a chat request holds it; a placeholder stands for an image."""
    optional = {
        "tool_calls": [_call(call) for call in turn.tool_calls] or None,
        "name": turn.name,
        "tool_call_id": turn.tool_call_id,
        "reasoning_content": turn.reasoning,
        "completion_id": turn.completion_id,
        "metadata": turn.metadata,
    }
    said = {name: value for name, value in optional.items() if value is not None}
    return {"role": turn.role, "content": _content(turn), **said}


def parameters(given: Parameters) -> dict[str, Any]:  # Any: values of any JSON type
    """Under the names of a request; what says nothing is left out."""
    made = to_builtins(given.sampling) | {
        "n": given.n,
        "stream": given.stream,
        "tools": [_tool(tool) for tool in given.tools],
        "response_format": _format(given.response_format),
        "reasoning": {name: value for name, value in to_builtins(given.reasoning).items() if value},
        "timeout_secs": given.timeout_s,
        "max_ttft_ms": None if given.max_ttft_s is None else given.max_ttft_s * 1000,
        "prompt_truncate_len": given.prompt_tokens_max,
        "system_prompt_args": given.system_prompt_args,
        "use_tools": given.use_tools,
        "tool_overrides": to_builtins(given.tool_overrides),
    }
    if given.tools:
        choice = given.tool_choice
        forced = None if isinstance(choice, str) else {"type": "function", "function": {"name": choice.name}}
        made |= {"tool_choice": forced or choice, "parallel_tool_calls": given.parallel_tool_calls}
    return {name: value for name, value in made.items() if value is not None and value not in ((), [], {})}


def _content(turn: Message) -> str | list[dict[str, Any]] | None:
    if turn.content is None or isinstance(turn.content, str):
        return turn.content
    return [
        {"type": "image_url", "image_url": {"url": part.url}}
        if isinstance(part, Image)
        else {"type": "text", "text": part.text}
        for part in turn.content
    ]


def _completion(row: Interaction) -> dict[str, Any]:
    said = row.completion
    return message(Message("assistant", said.text, tool_calls=said.tool_calls, reasoning=said.reasoning or None))


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _tool(tool: Tool) -> dict[str, Any]:
    return {"type": "function", "function": to_builtins(tool)}


def _format(wanted: ResponseFormat) -> dict[str, Any] | None:
    if wanted.kind == "json_schema":
        return {"type": wanted.kind, "json_schema": {"name": wanted.name, "schema": wanted.schema}}
    return None if wanted.kind == "text" else {"type": wanted.kind}


def _usage(usage: Usage) -> WireUsage:
    return WireUsage(
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.total_tokens,
        usage.cached_tokens,
        usage.reasoning_tokens,
    )


def _timings(timings: Timings) -> WireTimings:
    return WireTimings(timings.queued_ms, timings.ttft_ms, timings.total_ms)
