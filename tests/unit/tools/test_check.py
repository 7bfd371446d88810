"""What a request may say about tools."""

from __future__ import annotations

import pytest

from antiphon.chat import NamedTool, Tool, ToolChoice
from antiphon.errors import BadRequest
from antiphon.tools.check import check_tools

OBJECT = {"type": "object", "properties": {}}


@pytest.mark.parametrize("choice", ["auto", "none", "required", NamedTool("b-2")])
def test_sound_tools_pass(choice: ToolChoice) -> None:
    """With every choice that fits them."""
    check_tools([Tool("a_1"), Tool("b-2", "does", OBJECT)], choice)


@pytest.mark.parametrize("choice", ["auto", "none"])
def test_no_tools_need_no_choice(choice: ToolChoice) -> None:
    """An empty list is fine unless a call is demanded."""
    check_tools([], choice)


@pytest.mark.parametrize(
    ("tools", "choice", "param"),
    [
        ([Tool("")], "auto", "tools[0].function.name"),
        ([Tool("has space")], "auto", "tools[0].function.name"),
        ([Tool("a\n")], "auto", "tools[0].function.name"),
        ([Tool("é")], "auto", "tools[0].function.name"),
        ([Tool("x" * 65)], "auto", "tools[0].function.name"),
        ([Tool("a"), Tool("a")], "auto", "tools[1].function.name"),
        ([Tool("a", parameters=True)], "auto", "tools[0].function.parameters"),
        ([Tool("a", parameters={"type": "string"})], "auto", "tools[0].function.parameters.type"),
        ([Tool("a", parameters={"type": ["object", "null"]})], "auto", "tools[0].function.parameters.type"),
        ([Tool(f"t{i}") for i in range(129)], "auto", "tools"),
        ([Tool("a")], NamedTool("b"), "tool_choice.function.name"),
        ([], NamedTool("b"), "tool_choice.function.name"),
        ([], "required", "tool_choice"),
    ],
)
def test_the_place_of_the_fault_is_named(tools: list[Tool], choice: ToolChoice, param: str) -> None:
    """Each fault has its own path."""
    with pytest.raises(BadRequest) as caught:
        check_tools(tools, choice)
    assert caught.value.param == param
    assert caught.value.message.startswith("tool")
