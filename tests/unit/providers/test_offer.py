"""From what a provider lists to what a model is offered."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.chat import Tool
from antiphon.providers.model import ListedTool, Provider, ProviderLimits, RefusedTool, ServerTool
from antiphon.providers.offer import listing

SKY = Provider("id-sky", "sky", "Sky", "http://sky/mcp")
LIMITS = ProviderLimits(tools_max=3, description_characters_max=10)
OBJECT = {"type": "object", "properties": {"city": {"type": "string"}}}


def listed(name: str, parameters: dict[str, Any] = OBJECT, description: str = "") -> ListedTool:  # Any: a schema
    """A tool as it is listed."""
    return ListedTool(name, description, parameters)


def test_a_tool_that_can_be_offered() -> None:
    """Under its name for the model, with its schema as it is."""
    found = listing(SKY, [listed("weather", description="The \x1bweather in a city")], LIMITS)
    tool = Tool("sky__weather", "The \ufffdweath\n[cut: 10 of 22 characters]", OBJECT)
    assert (found.tools, found.refused) == ((ServerTool("id-sky", "sky", "weather", tool),), ())


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"type": "array"}, 'inputSchema.type must be "object"'),
        ({"type": "object", "properties": {"a": {"pattern": "(?<=a)b"}}}, "inputSchema.properties.a.pattern"),
        ({"type": "object", "properties": {"a": {"$ref": "http://evil/x"}}}, "inputSchema.properties.a.$ref"),
        ({"type": "object", "properties": 7}, "inputSchema.properties"),
        ({"type": "object", "required": ["a"], "properties": {"a": False}}, "inputSchema"),
    ],
)
def test_a_schema_that_cannot_be_kept_is_left_out(parameters: dict[str, Any], reason: str) -> None:
    """With the reason; the others stay."""
    found = listing(SKY, [listed("bad", parameters), listed("good")], LIMITS)
    assert [tool.own_name for tool in found.tools] == ["good"]
    assert [refused.name for refused in found.refused] == ["bad"]
    assert found.refused[0].reason.startswith(reason)


def test_names_that_are_empty_or_taken() -> None:
    """The first of two stays."""
    found = listing(SKY, [listed("a"), listed("a", {}), listed("")], LIMITS)
    assert [tool.tool.parameters for tool in found.tools] == [OBJECT]
    assert [refused.name for refused in found.refused] == ["a", ""]


def test_too_many() -> None:
    """The rest is left out, with the rule."""
    found = listing(SKY, [listed(name) for name in "abcd"], LIMITS)
    assert len(found.tools) == 3
    assert found.refused == (RefusedTool("d", "a provider may have at most 3 tools"),)


def test_strange_names_are_shown_on_one_line() -> None:
    """They come from a stranger, and go to a log."""
    assert listing(SKY, [listed("a\nb\x1b" * 99, {"type": "x"})], LIMITS).refused[0].name.isprintable()
