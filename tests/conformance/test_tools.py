"""Tools on a model whose template knows none: calls are forced, well-formed and valid on every engine."""

from __future__ import annotations

import json

import pytest

from .answers import JSON, calls
from .client import Client
from .schemas import record, valid

WEATHER = record(city={"enum": ["Rome", "Paris", "Oslo"]}, days={"type": "integer", "minimum": 1, "maximum": 7})
CLOCK = record(zone={"type": "string", "pattern": "^[A-Z]{3}$"})
SCHEMAS = {"get_weather": WEATHER, "get_time": CLOCK}
TOOLS = [
    {"type": "function", "function": {"name": name, "description": f"Calls {name}.", "parameters": schema}}
    for name, schema in SCHEMAS.items()
]
QUESTION = "What is the weather in Rome for two days?"
TOKENS = 200
TALK_TOKENS = 80  # of a model that rather talks


def named(name: str) -> JSON:
    """A choice that forces one tool."""
    return {"type": "function", "function": {"name": name}}


def check(made: list[JSON]) -> None:
    """Each call has an id of its own, a name from the list and arguments that the tool's schema accepts."""
    assert len({call["id"] for call in made}) == len(made)
    assert all(call["id"] for call in made)
    for call in made:
        assert valid(SCHEMAS[call["name"]], call["arguments"]), call


@pytest.mark.parametrize("stream", [False, True])
def test_required_calls_at_least_one(client: Client, stream: bool) -> None:
    """Whatever the model would rather say."""
    fields: JSON = {"tools": TOOLS, "tool_choice": "required", "max_tokens": TOKENS, "parallel_tool_calls": False}
    if stream:
        answer = client.stream(QUESTION, **fields)
        made, reasons, text = answer.tool_calls(), answer.finish_reasons(), answer.text()
    else:
        plain = client.ask(QUESTION, **fields)
        made, reasons = calls(plain), [plain["choices"][0]["finish_reason"]]
        text = plain["choices"][0]["message"]["content"] or ""
    assert made
    assert reasons == ["tool_calls"]
    assert text == ""
    check(made)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
@pytest.mark.parametrize("stream", [False, True])
def test_a_named_tool_is_called(client: Client, name: str, stream: bool) -> None:
    """That one and no other, and the reason is `tool_calls` on every engine."""
    fields: JSON = {"tools": TOOLS, "tool_choice": named(name), "max_tokens": TOKENS}
    if stream:
        answer = client.stream(QUESTION, **fields)
        made, reasons = answer.tool_calls(), answer.finish_reasons()
    else:
        plain = client.ask(QUESTION, **fields)
        made, reasons = calls(plain), [plain["choices"][0]["finish_reason"]]
    assert {call["name"] for call in made} == {name}
    assert reasons == ["tool_calls"]
    check(made)


def test_none_calls_nothing(client: Client) -> None:
    """The tools are there for another turn."""
    answer = client.ask(QUESTION, tools=TOOLS, tool_choice="none", max_tokens=20)
    assert calls(answer) == []
    assert answer["choices"][0]["message"]["content"]
    assert answer["choices"][0]["finish_reason"] in ("stop", "length")


@pytest.mark.parametrize("choice", ["auto", None])
def test_auto_calls_or_talks(client: Client, choice: str | None) -> None:
    """Either a text or valid calls, never a mixture that looks like a call."""
    for question in (QUESTION, "Say hi."):
        answer = client.ask(question, tools=TOOLS, tool_choice=choice, max_tokens=TALK_TOKENS, temperature=0)
        message = answer["choices"][0]["message"]
        if made := calls(answer):
            assert answer["choices"][0]["finish_reason"] in ("tool_calls", "length")
            if answer["choices"][0]["finish_reason"] == "tool_calls":
                check(made)
        else:
            assert message["content"]
            assert '"arguments"' not in message["content"]


def test_one_call_at_most_when_not_parallel(client: Client) -> None:
    """Hot answers would make more of them."""
    for seed in range(4):
        fields: JSON = {"tools": TOOLS, "tool_choice": "required", "parallel_tool_calls": False, "seed": seed}
        made = calls(client.ask("Weather in Rome, Paris and Oslo?", **fields, temperature=1.5, max_tokens=TOKENS))
        assert len(made) == 1
        check(made)


def test_several_calls_have_several_indexes(client: Client) -> None:
    """Some hot answer among these makes two; each is whole, and they come one after the other."""
    most = 0
    for seed in range(12):
        fields: JSON = {"tools": TOOLS, "tool_choice": "required", "seed": seed, "temperature": 1.5}
        stream = client.stream("The weather in Rome, in Paris and in Oslo?", **fields, max_tokens=TOKENS)
        made = stream.tool_calls()
        if stream.finish_reasons() == ["tool_calls"]:
            check(made)
            most = max(most, len(made))
        if most > 1:
            break
    assert most > 1, "no answer made two calls"


def test_streamed_arguments_come_in_pieces(client: Client) -> None:
    """The name first, then the arguments as they are written."""
    stream = client.stream(QUESTION, tools=TOOLS, tool_choice=named("get_weather"), max_tokens=TOKENS)
    pieces = [piece for choice in stream.of(0) for piece in choice["delta"].get("tool_calls") or []]
    assert "name" in pieces[0]["function"]
    assert all("name" not in piece["function"] for piece in pieces[1:])
    assert len([piece for piece in pieces if piece["function"].get("arguments")]) > 2
    assert stream.of(0)[0]["delta"]["role"] == "assistant"


def test_a_result_can_be_given_back(client: Client) -> None:
    """The whole round: a call, its result, and an answer in words."""
    first = client.ask(QUESTION, tools=TOOLS, tool_choice=named("get_weather"), max_tokens=TOKENS)
    message = first["choices"][0]["message"]
    assert message["content"] is None
    (call, *_) = message["tool_calls"]
    messages = [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": json.dumps({"degrees": 21, "sky": "clear"})},
    ]
    told = client.ask(messages=messages, tools=TOOLS, tool_choice="none", max_tokens=30)
    assert told["choices"][0]["message"]["content"]
    without = client.ask(messages=messages[:1], max_tokens=1)["usage"]["prompt_tokens"]
    assert client.ask(messages=messages, max_tokens=1)["usage"]["prompt_tokens"] > without + 10


def test_an_empty_list_is_no_list(client: Client) -> None:
    """Some clients always send one."""
    answer = client.ask("Say hi.", tools=[], max_tokens=3)
    assert calls(answer) == []


def test_a_tool_without_parameters_takes_none(client: Client) -> None:
    """Its arguments are an empty object."""
    tool = {"type": "function", "function": {"name": "ping"}}
    (call, *_) = calls(
        client.ask("Ping.", tools=[tool], tool_choice="required", parallel_tool_calls=False, max_tokens=60)
    )
    assert call["name"] == "ping"
    assert json.loads(call["arguments"]) == {}


def test_a_call_that_was_cut_says_length(client: Client) -> None:
    """Too few tokens: no marker text of an engine shows through as content."""
    answer = client.ask(QUESTION, tools=TOOLS, tool_choice="required", max_tokens=3)
    assert answer["choices"][0]["finish_reason"] == "length"
    assert not answer["choices"][0]["message"]["content"]


def test_a_tool_whose_schema_cannot_be_kept_is_refused(client: Client) -> None:
    """As for answers: the refusal names the tool and the keyword."""
    bad = {"type": "function", "function": {"name": "bad", "parameters": {"type": "object", "properties": {
        "a": {"$ref": "https://example.org/x"}}}}}  # fmt: skip
    refusal = client.refuse(QUESTION, tools=[TOOLS[0], bad], tool_choice="required")
    assert refusal.param is not None
    assert refusal.param.startswith("tools[1].function.parameters")
    assert "$ref" in refusal.message


@pytest.mark.parametrize("strict", [True, False])
def test_strict_changes_nothing(client: Client, strict: bool) -> None:
    """Arguments are valid either way; one of the engines would only hold to it when told."""
    tools = [{"type": "function", "function": TOOLS[0]["function"] | {"strict": strict}}]  # type: ignore[operator]
    fields: JSON = {"tools": tools, "tool_choice": "required", "parallel_tool_calls": False}
    check(calls(client.ask(QUESTION, **fields, max_tokens=TOKENS)))


def test_usage_counts_the_calls(client: Client) -> None:
    """Calls are completion tokens, also where the engine shows them as text."""
    fields: JSON = {"tools": TOOLS, "tool_choice": named("get_time"), "max_tokens": TOKENS}
    plain = client.ask(QUESTION, **fields)["usage"]
    (streamed,) = client.stream(QUESTION, **fields, stream_options={"include_usage": True}).usages
    for usage in (plain, streamed):
        assert usage["completion_tokens"] > 5
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
