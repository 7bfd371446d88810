"""What a body of `/v1/messages` means, and what is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from antiphon.chat import ChatRequest, NamedTool, Reasoning, ResponseFormat, Tool
from antiphon.completions.dialects import RequestBounds, anthropic
from antiphon.completions.dialects.anthropic_messages.request import REFUSED
from antiphon.errors import BadRequest

BOUNDS = RequestBounds(n_max=4, messages_max=3)
TOOL = {"name": "f", "input_schema": {"type": "object"}}
HI = {"role": "user", "content": "Hi"}


def parse(**fields: Any) -> ChatRequest:  # Any: a body is JSON
    """The request that a body with these fields means."""
    body = {"model": "m", "max_tokens": 100, "messages": [HI]} | fields
    return anthropic.parse(msgspec.json.encode(body), {}, BOUNDS)


def test_the_shortest_request() -> None:
    """It is not stored, and nothing is thought."""
    asked = parse()
    assert (asked.door, asked.stores, asked.sampling.max_tokens) == ("anthropic", False, 100)
    assert asked.shortens
    assert asked.reasoning == Reasoning(enabled=False)
    assert parse(max_tokens=None).sampling.max_tokens is None


def test_thoughts() -> None:
    """So many tokens of them, as the model likes, or by effort."""
    budget = {"type": "enabled", "budget_tokens": 50}
    assert parse(thinking=budget).reasoning == Reasoning(max_tokens=50, enabled=True)
    assert parse(thinking=budget, output_config={"effort": "low"}).reasoning.effort is None
    adaptive = parse(thinking={"type": "adaptive", "display": "omitted"}).reasoning
    assert adaptive == Reasoning(exclude=True, enabled=True)
    assert parse(output_config={"effort": "max"}).reasoning == Reasoning("xhigh", enabled=True)
    assert parse(thinking={"type": "disabled"}, output_config={"effort": "low"}).reasoning == Reasoning(enabled=False)


def test_tools() -> None:
    """One's own, chosen in the vendor's words."""
    assert parse(tools=[{**TOOL, "type": "custom", "strict": True}]).tools == (
        Tool("f", parameters={"type": "object"}, strict=True),
    )
    choices = {"auto": "auto", "any": "required", "none": "none", "tool": NamedTool("f")}
    for kind, choice in choices.items():
        asked = parse(tools=[TOOL], tool_choice={"type": kind, "name": "f"})
        assert (asked.tool_choice, asked.parallel_tool_calls) == (choice, True)
    single = {"type": "auto", "disable_parallel_tool_use": True}
    assert parse(tools=[TOOL], tool_choice=single).parallel_tool_calls is False
    assert parse(tool_choice={"type": "auto"}).tool_choice == "none"


def test_formats() -> None:
    """A schema has no name here."""
    schema = {"type": "json_schema", "schema": {"type": "object"}}
    told = parse(output_config={"format": schema}).response_format
    assert told == ResponseFormat("json_schema", "answer", {"type": "object"})


def test_users_and_labels() -> None:
    """The user is the only metadata that the vendor knows; the gateway's own field wins."""
    asked = parse(metadata={"user_id": "u", "team": "t"}, labels={"a": "b"})
    assert (asked.user, asked.labels) == ("u", {"team": "t", "a": "b"})
    assert parse(metadata={"user_id": "u"}, user="v").user == "v"
    assert parse(metadata={"user_id": "u"}).labels is None


def test_stops() -> None:
    """Under either name, and more than OpenAI allows."""
    assert parse(stop_sequences=list("abcdef")).sampling.stop == tuple("abcdef")
    assert parse(stop="a").sampling.stop == ("a",)


def test_edits_that_change_nothing_are_taken() -> None:
    """As some clients send them with every request."""
    keeping = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
    assert parse(context_management=keeping) == parse(context_management={}) == parse()


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_not_there_is_refused_by_name(name: str) -> None:
    """With what to do instead; null and nothing are what there is."""
    with pytest.raises(BadRequest) as refused:
        parse(**{name: [{"id": "1"}]})
    assert refused.value.param == name
    assert parse(**{name: None}) == parse(**{name: []}) == parse()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [HI] * 4}, "messages"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "messages[0].role"),
        ({"n": 2}, "n"),
        ({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}, "context_management.edits"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stop": "a", "stop_sequences": ["b"]}, "stop"),
        ({"stop_sequences": ["a"] * 17}, "stop_sequences"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"thinking": {"type": "adaptive", "budget_tokens": 5}}, "thinking.budget_tokens"),
        ({"thinking": {"type": "enabled", "budget_tokens": 100}}, "thinking.budget_tokens"),
        ({"thinking": {"type": "between_tools"}}, "thinking.type"),
        ({"tools": [{"type": "web_search_20260209", "name": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool"}}, "tool_choice.name"),
    ],
)
def test_rules(fields: dict[str, Any], param: str) -> None:
    """The field is named."""
    with pytest.raises(BadRequest) as refused:
        parse(**fields)
    assert refused.value.param == param
