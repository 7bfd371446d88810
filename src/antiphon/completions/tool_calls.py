"""Calls that a model asked for, made here: what was wrong with a call is a result too, which the model can read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from antiphon.chat import ToolCall
from antiphon.errors import EngineFailed
from antiphon.providers.model import ServerTool, ToolResult
from antiphon.structured.validate import validate
from antiphon.tools.markup import CALLS_MAX, parameters_of

NAME_CHARACTERS_MAX = 80


class Caller(Protocol):
    """What makes the calls: `providers/service.py:Providers`."""

    async def call(self, tool: ServerTool, arguments: dict[str, Any], *, timeout_s: float) -> ToolResult:
        """What the tool brought; what goes wrong is a result that says so. Any: JSON values."""
        ...


async def results(
    calls: Sequence[ToolCall], tools: Mapping[str, ServerTool], caller: Caller, *, timeout_s: float
) -> list[str]:
    """What each call brought, in the order of the calls, which are made at the same time."""
    made = [_result(call, tools, caller, timeout_s) for call in calls[:CALLS_MAX]]
    left_out = [f"Error: not called, since an answer may hold at most {CALLS_MAX} calls."] * len(calls[CALLS_MAX:])
    return [*await asyncio.gather(*made), *left_out]


async def _result(call: ToolCall, tools: Mapping[str, ServerTool], caller: Caller, timeout_s: float) -> str:
    tool = tools.get(call.name)
    if tool is None:
        known = ", ".join(tools)
        return f"Error: there is no tool {call.name[:NAME_CHARACTERS_MAX]!r}; the tools are {known}."
    try:
        arguments = _arguments(call, tool)
    except EngineFailed as error:
        return f"Error: not called, since the arguments do not fit. {error.message}"
    return (await caller.call(tool, arguments, timeout_s=timeout_s)).text


def _arguments(call: ToolCall, tool: ServerTool) -> dict[str, Any]:
    """The call's arguments; EngineFailed says where they break the tool's schema."""
    text = call.arguments or "{}"
    validate(text, parameters_of(tool.tool))
    arguments = msgspec.json.decode(text)
    if not isinstance(arguments, dict):
        raise EngineFailed("They are not a JSON object.")
    return arguments
