"""What a body of `/v1/responses` means, and what is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from antiphon.chat import ChatRequest, NamedTool, Reasoning, ResponseFormat, Tool
from antiphon.completions.dialects import RequestBounds, responses
from antiphon.completions.dialects.openai_responses.request import REFUSED
from antiphon.errors import BadRequest

BOUNDS = RequestBounds(n_max=4, messages_max=3)
TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}}
OTHER = {"type": "function", "name": "g"}


def parse(**fields: Any) -> ChatRequest:  # Any: a body is JSON
    """The request that a body with these fields means."""
    return responses.parse(msgspec.json.encode({"model": "m", "input": "Hi"} | fields), {}, BOUNDS)


def test_the_shortest_request() -> None:
    """It is stored, as the vendor says, and draws as the model does."""
    asked = parse()
    assert (asked.door, asked.stores, asked.store, asked.stream) == ("responses", True, None, False)
    assert (asked.sampling.max_tokens, asked.sampling.logprobs, asked.tool_choice) == (None, False, "none")
    assert parse(store=False).store is False


def test_limits_and_logprobs() -> None:
    """Of tokens, under either name; probabilities are asked for by `include` or by their number."""
    assert parse(max_output_tokens=5, max_tokens=9).sampling.max_tokens == 5
    assert parse(max_tokens=9).sampling.max_tokens == 9
    assert parse(include=["message.output_text.logprobs"]).sampling.logprobs is True
    assert parse(include=["reasoning.encrypted_content"]).sampling.logprobs is False
    drawn = parse(top_logprobs=3).sampling
    assert (drawn.logprobs, drawn.top_logprobs) == (True, 3)


def test_formats() -> None:
    """Text, any JSON, or a schema whose name stands beside its type."""
    assert parse(text={"format": {"type": "text"}}).response_format == ResponseFormat()
    assert parse(text={}).response_format == ResponseFormat()
    assert parse(text={"format": {"type": "json_object"}}).response_format == ResponseFormat("json_object")
    schema = {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}
    assert parse(text={"format": schema}).response_format == ResponseFormat("json_schema", "n", {"type": "object"})


def test_thoughts() -> None:
    """Effort, the gateway's own bounds, and whether they are shown as a summary."""
    assert parse(reasoning={"effort": "max", "summary": "auto"}).reasoning == Reasoning("xhigh", summary="auto")
    assert parse(reasoning={"generate_summary": "concise"}).reasoning.summary == "concise"
    assert parse(reasoning={"max_tokens": 8, "exclude": True}).reasoning == Reasoning(max_tokens=8, exclude=True)


def test_tools() -> None:
    """Functions, one forced, or some allowed."""
    asked = parse(tools=[TOOL, OTHER])
    assert asked.tools == (Tool("f", parameters={"type": "object"}), Tool("g"))
    assert asked.tool_choice == "auto"
    assert parse(tools=[TOOL], tool_choice={"type": "function", "name": "f"}).tool_choice == NamedTool("f")
    some = parse(tools=[TOOL, OTHER], tool_choice={"type": "allowed_tools", "mode": "required", "tools": [OTHER]})
    assert ([tool.name for tool in some.tools], some.tool_choice) == (["g"], "required")
    assert parse(tools=[], tool_choice="auto").tool_choice == "none"


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_not_there_is_refused_by_name(name: str) -> None:
    """With what to do instead; false and null are what there is."""
    with pytest.raises(BadRequest) as refused:
        parse(**{name: {"id": "1"}})
    assert refused.value.param == name
    assert parse(**{name: None}) == parse()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": []}, "input"),
        ({"input": None}, "input"),
        ({"input": [{"role": "user", "content": "Hi"}] * 4}, "input"),
        ({"n": 2}, "n"),
        ({"text": {"verbosity": "low"}}, "text.verbosity"),
        ({"reasoning": {"effort": "low", "max_tokens": 5}}, "reasoning"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": {"type": "function"}}, "tool_choice.name"),
        ({"tools": [TOOL], "tool_choice": {"type": "file_search"}}, "tool_choice.type"),
        ({"tools": [TOOL], "tool_choice": {"type": "allowed_tools", "tools": [OTHER]}}, "tool_choice.tools"),
        ({"tools": [TOOL], "tool_choice": {"type": "allowed_tools"}}, "tool_choice.tools"),
        ({"include": ["everything"]}, "include[0]"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_output_tokens": 1.5}, "max_output_tokens"),
    ],
)
def test_rules(fields: dict[str, Any], param: str) -> None:
    """The field is named."""
    with pytest.raises(BadRequest) as refused:
        parse(**fields)
    assert refused.value.param == param


def test_a_conversation_that_goes_on() -> None:
    """From an answer, with instructions of its own, and with the oldest turns dropped where room is short."""
    asked = parse(previous_response_id="resp_1", instructions="Be brief.", truncation="auto")
    assert (asked.previous_id, asked.instructions, asked.drops_turns) == ("resp_1", "Be brief.", True)
    assert asked.messages[0].text == "Be brief."
