"""Calls that a model asked for: made at the same time, answered in order, and never an end of the answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from antiphon.chat import ToolCall
from antiphon.completions.tool_calls import results
from antiphon.providers.model import ServerTool, ToolResult
from tests.unit.completions.tooling import CLOCK, ROME, TOOLS, WEATHER, ScriptedTools

BY_NAME = {tool.tool.name: tool for tool in TOOLS}


async def test_results_have_the_order_of_the_calls() -> None:
    """Although the first one waits for the second: both run at once."""
    second_ran = asyncio.Event()

    class Crossing:
        async def call(self, tool: ServerTool, arguments: dict[str, Any], *, timeout_s: float) -> ToolResult:
            """The weather waits for the clock."""
            if tool is WEATHER:
                await second_ran.wait()
            second_ran.set()
            return ToolResult(tool.own_name)

    calls = (ToolCall("1", WEATHER.tool.name, ROME), ToolCall("2", CLOCK.tool.name, "{}"))
    assert await results(calls, BY_NAME, Crossing(), timeout_s=9) == ["weather", "clock"]


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("nope", "{}", "no tool 'nope'; the tools are sky__weather, sky__clock"),
        (WEATHER.tool.name, "{", "not JSON"),
        (WEATHER.tool.name, "[]", "do not fit"),
        (WEATHER.tool.name, "{}", "do not fit"),
        (WEATHER.tool.name, '{"city": 1}', "at /city"),
        (CLOCK.tool.name, '{"zone": "x"}', "do not fit"),
    ],
)
async def test_a_bad_call_is_told_and_not_made(name: str, arguments: str, expected: str) -> None:
    """The model reads what was wrong."""
    tools = ScriptedTools()
    (text,) = await results((ToolCall("1", name, arguments),), BY_NAME, tools, timeout_s=9)
    assert text.startswith("Error: ")
    assert expected in text
    assert tools.calls == []


async def test_a_call_without_arguments_has_none() -> None:
    """Some engines send nothing for them."""
    tools = ScriptedTools("noon")
    assert await results((ToolCall("1", CLOCK.tool.name, ""),), BY_NAME, tools, timeout_s=9) == ["noon"]
    assert (tools.calls, tools.timeouts_s) == ([("clock", {})], [9])


async def test_too_many_calls_are_not_all_made() -> None:
    """The rest is told so."""
    tools = ScriptedTools(*"abcdefgh")
    calls = [ToolCall(str(i), CLOCK.tool.name, "{}") for i in range(10)]
    found = await results(calls, BY_NAME, tools, timeout_s=9)
    assert (found[:8], len(tools.calls)) == (list("abcdefgh"), 8)
    assert [text[:17] for text in found[8:]] == ["Error: not called"] * 2
