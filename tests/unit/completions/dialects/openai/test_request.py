"""Every field of an OpenAI request: its type, its range, null, and the rules between fields."""

from __future__ import annotations

import json

import pytest

from antiphon.chat import ChatRequest, Image, Message, NamedTool, Reasoning, ResponseFormat, Text, Tool, ToolCall
from antiphon.completions.dialects import RequestBounds, canonical
from antiphon.errors import BadRequest

FIELDS = frozenset(canonical.ChatBody.__struct_fields__)
TOOLS = '[{"type":"function","function":{"name":"f"}}]'
CALL = '{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}'


def read(fields: str = "", *, messages: str = '[{"role":"user","content":"Hi"}]', strict: bool = False) -> ChatRequest:
    """The request with these further fields, as JSON text."""
    comma = "," if fields else ""
    body = f'{{"model":"m","messages":{messages}{comma}{fields}}}'
    return canonical.parse(body.encode(), {}, RequestBounds(4, 3, strict_fields=strict))


def refused(fields: str = "", *, messages: str = '[{"role":"user","content":"Hi"}]') -> BadRequest:
    """The refusal of the request with these further fields."""
    with pytest.raises(BadRequest) as raised:
        read(fields, messages=messages)
    return raised.value


OUT_OF_RULE = {
    "max_tokens": ["0", "-1", "1.5", "0.5", '"1"', "true", "9223372036854775808", "[]"],
    "max_completion_tokens": ["0", "1.5", '"1"', "{}"],
    "temperature": ["-0.1", "2.1", '"1"', "true"],
    "top_p": ["-0.1", "1.1", '"1"'],
    "top_k": ["-2", "1.5", "2147483648", '"1"'],
    "min_p": ["-0.1", "1.1", '"1"'],
    "frequency_penalty": ["-2.1", "2.1", '"1"'],
    "presence_penalty": ["-2.1", "2.1", '"1"'],
    "repetition_penalty": ["0", "-1", "2.1", '"1"'],
    "repeat_penalty": ["0", "2.1", '"1"'],
    "seed": ["1.5", '"1"', "9223372036854775808", "-9223372036854775809"],
    "logit_bias": ["[]", '"1"', '{"x":1}', '{"-1":1}', '{"1.0":1}', '{"1234567890":1}', '{"\u0661":1}'],
    "stop": ['""', "1", '["a","b","c","d","e"]', json.dumps("x" * 1025)],
    "n": ["-1", "1.5", "5", '"1"'],
    "logprobs": ["1", '"true"'],
    "top_logprobs": ["-1", "21", "1.5", '"1"', "1"],
    "stream": ["1", '"true"'],
    "stream_options": ["true", "[]"],
    "timeout_secs": ["0", "-1", '"1"'],
    "max_ttft_ms": ["-1", '"1"'],
    "max_price": ["1", "[]"],
    "response_format": ['"text"'],
    "tools": ["{}", '"f"'],
    "tool_choice": ['"any"', "1", '"required"', '{"type":"function","function":{"name":"f"}}'],
    "parallel_tool_calls": ["1", '"true"'],
    "reasoning": ["true", '"low"', '{"effort":"low","max_tokens":5}'],
    "reasoning_effort": ['"much"', "1"],
    "user": ["1", json.dumps("x" * 513)],
    "metadata": ["[]", '"x"', json.dumps({str(i): "x" for i in range(17)})],
    "safety_identifier": ["1"],
    "prompt_cache_key": ["1"],
    "store": ["1"],
    "prompt_truncate_len": ["0", "-1", "1.5", '"1"'],
    "session_id": ['""', '"a b"', "1", json.dumps("x" * 257), '"\u00e9"'],
    "labels": ["[]", '{"":"x"}', json.dumps({"a": "x" * 513}), json.dumps({str(i): "x" for i in range(17)})],
    "tags": ['"a"', "{}"],
    "ab_campaign": ['""', "1"],
    "system_prompt_args": ["[]", '"a"'],
    "use_tools": ["1"],
    "modalities": ['"text"'],
    "functions": ["[]", "1"],
    "function_call": ['"auto"', "{}"],
}


@pytest.mark.parametrize(("field", "value"), [(f, value) for f, values in OUT_OF_RULE.items() for value in values])
def test_a_field_out_of_rule_is_refused_by_name(field: str, value: str) -> None:
    """Type and range of every field; the sentence begins with the name, and `param` is the name."""
    error = refused(f'"{field}":{value}')
    assert error.param == field
    assert error.message.startswith(f"{field}: ")
    assert (error.status, error.code) == (400, "invalid_value")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ('"stop":["a",""]', "stop[1]"),
        ('"tools":[{"type":"function","function":{"name":"a b"}}]', "tools[0].function.name"),
        ('"tools":[{"type":"function"}]', "tools[0].function"),
        ('"stream_options":{"include_usage":1}', "stream_options.include_usage"),
        ('"response_format":{"type":"json_schema"}', "response_format.json_schema"),
        ('"labels":{"a":1}', "labels[...]"),
        ('"tags":["a",1]', "tags[1]"),
        ('"reasoning":{"max_tokens":1.5}', "reasoning.max_tokens"),
        ('"modalities":["audio"]', "modalities[0]"),
    ],
)
def test_a_nested_field_is_named_with_its_place(fields: str, param: str) -> None:
    """In the notation of the documentation."""
    assert refused(fields).param == param


def test_the_table_of_rules_is_complete() -> None:
    """Every known field but the two required ones has rules above."""
    assert set(OUT_OF_RULE) == FIELDS - {"model", "messages"}


@pytest.mark.parametrize("field", sorted(FIELDS - {"model", "messages"}))
def test_null_is_the_same_as_absent(field: str) -> None:
    """For every field that need not be there."""
    assert read(f'"{field}":null') == read()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ('{"messages":[{"role":"user","content":"Hi"}]}', "model"),
        ('{"model":null,"messages":[{"role":"user","content":"Hi"}]}', "model"),
        ('{"model":"","messages":[{"role":"user","content":"Hi"}]}', "model"),
        ('{"model":"m"}', "messages"),
        ('{"model":"m","messages":null}', "messages"),
        ('{"model":"m","messages":[]}', "messages"),
        ('{"model":"m","messages":"Hi"}', "messages"),
    ],
)
def test_model_and_messages_are_required(body: str, param: str) -> None:
    """Absent, null and empty are refused."""
    with pytest.raises(BadRequest) as raised:
        canonical.parse(body.encode(), {}, RequestBounds(4, 3))
    assert raised.value.param == param


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        ("max_tokens", 1, 2**63 - 1),
        ("temperature", 0, 2),
        ("top_p", 0, 1),
        ("top_k", -1, 2**31 - 1),
        ("min_p", 0, 1),
        ("frequency_penalty", -2, 2),
        ("presence_penalty", -2, 2),
        ("repetition_penalty", 0.001, 2),
        ("seed", -(2**63), 2**63 - 1),
    ],
)
def test_the_ends_of_a_range_belong_to_it(field: str, low: float, high: float) -> None:
    """What is read is what was written, at both ends."""
    assert getattr(read(f'"{field}":{low}').sampling, field) == low
    assert getattr(read(f'"{field}":{high}').sampling, field) == high


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens", "top_k", "seed"])
def test_a_whole_number_with_a_point_is_an_integer(field: str) -> None:
    """`1.0` is what JavaScript and Lua write for 1."""
    sampling = read(f'"{field}":1.0').sampling
    value = getattr(sampling, "max_tokens" if "tokens" in field else field)
    assert value == 1
    assert isinstance(value, int)


def test_n_and_top_logprobs_with_a_point_are_integers() -> None:
    """Zero choices mean one, as with Dria."""
    request = read('"n":2.0,"logprobs":true,"top_logprobs":3.0')
    assert (repr(request.n), repr(request.sampling.top_logprobs)) == ("2", "3")
    assert read('"n":0').n == 1


def test_newer_names_win_over_older_ones() -> None:
    """`max_completion_tokens` over `max_tokens`, `repetition_penalty` over `repeat_penalty`."""
    sampling = read('"max_tokens":5,"max_completion_tokens":6,"repeat_penalty":1.1,"repetition_penalty":1.2').sampling
    assert (sampling.max_tokens, sampling.repetition_penalty) == (6, 1.2)
    assert read('"repeat_penalty":1.1').sampling.repetition_penalty == 1.1


def test_unknown_fields_are_listed_in_their_order() -> None:
    """They have no effect, and the caller can be told."""
    assert read('"zeta":{"deep":[1]},"alpha":null').ignored_fields == ("zeta", "alpha")
    assert read('"temperature":1').ignored_fields == ()


def test_unknown_fields_are_refused_where_the_operator_says_so() -> None:
    """The first one is named."""
    with pytest.raises(BadRequest, match=r"^zeta: unknown field\.$") as raised:
        read('"zeta":1,"alpha":1', strict=True)
    assert raised.value.param == "zeta"


@pytest.mark.parametrize(
    ("turn", "param"),
    [
        ('{"role":"user"}', "messages[0].content"),
        ('{"role":"assistant","content":null,"tool_calls":[]}', "messages[0].content"),
        ('{"role":"user","content":[]}', "messages[0].content"),
        (f'{{"role":"user","content":"x","tool_calls":[{CALL}]}}', "messages[0].tool_calls"),
        ('{"role":"tool","content":"x"}', "messages[0].tool_call_id"),
        ('{"role":"tool","content":"x","tool_call_id":""}', "messages[0].tool_call_id"),
        ('{"role":"user","content":[{"type":"text","text":"a"},{"type":"input_audio"}]}', "messages[0].content[1]"),
        ('{"role":"system","content":[{"type":"image_url","image_url":"u"}]}', "messages[0].content[0]"),
    ],
)
def test_rules_between_the_fields_of_a_message(turn: str, param: str) -> None:
    """The message and its field are named."""
    assert refused(messages=f"[{turn}]").param == param


def test_too_many_messages_are_refused() -> None:
    """The limit is the operator's."""
    turn = '{"role":"user","content":"x"}'
    assert len(read(messages=f"[{turn},{turn},{turn}]").messages) == 3
    error = refused(messages=f"[{turn},{turn},{turn},{turn}]")
    assert (error.param, error.message) == ("messages", "messages: at most 3 are allowed.")


@pytest.mark.parametrize(
    ("turn", "message"),
    [
        ('{"role":"developer","content":"x"}', Message("system", "x")),
        ('{"role":"user","content":"x","name":"ann"}', Message("user", "x", "ann")),
        ('{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}', Message("user", "ab")),
        (
            (
                '{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":"u"},'
                '{"type":"image_url","image_url":{"url":"v","detail":"low"}}]}'
            ),
            Message("user", (Text("a"), Image("u"), Image("v"))),
        ),
        (f'{{"role":"assistant","tool_calls":[{CALL}]}}', Message("assistant", tool_calls=(ToolCall("c", "f", "{}"),))),
        ('{"role":"tool","content":"4","tool_call_id":"c"}', Message("tool", "4", tool_call_id="c")),
        ('{"role":"assistant","content":"x","reasoning_content":"h"}', Message("assistant", "x", reasoning="h")),
    ],
)
def test_messages_become_neutral(turn: str, message: Message) -> None:
    """Text parts are joined, parts are kept where there is an image."""
    assert read(messages=f"[{turn}]").messages == (message,)


@pytest.mark.parametrize(
    ("choice", "read_as"),
    [
        ("null", "auto"),
        ('"auto"', "auto"),
        ('"none"', "none"),
        ('"required"', "required"),
        ('{"type":"function","function":{"name":"f"}}', NamedTool("f")),
    ],
)
def test_tools_and_their_choice(choice: str, read_as: object) -> None:
    """With tools, every choice is allowed."""
    request = read(f'"tools":{TOOLS},"tool_choice":{choice}')
    assert (request.tools, request.tool_choice) == ((Tool("f"),), read_as)


@pytest.mark.parametrize("choice", ['"auto"', '"none"'])
def test_a_choice_that_forces_nothing_needs_no_tools(choice: str) -> None:
    """Clients send it all the time."""
    assert read(f'"tool_choice":{choice}') == read()


@pytest.mark.parametrize(
    ("wanted", "read_as"),
    [
        ('{"type":"text"}', ResponseFormat()),
        ('{"type":"json_object"}', ResponseFormat("json_object")),
        (
            '{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}',
            ResponseFormat("json_schema", "s", {"type": "object"}),
        ),
    ],
)
def test_response_formats(wanted: str, read_as: ResponseFormat) -> None:
    """The three kinds."""
    assert read(f'"response_format":{wanted}').response_format == read_as


@pytest.mark.parametrize(
    ("fields", "reasoning"),
    [
        ('"reasoning_effort":"low"', Reasoning(effort="low")),
        ('"reasoning_effort":"max"', Reasoning(effort="xhigh")),
        ('"reasoning":{"max_tokens":8.0,"exclude":true}', Reasoning(max_tokens=8, exclude=True)),
        ('"reasoning":{"effort":"none","enabled":false},"reasoning_effort":"low"', Reasoning("none", enabled=False)),
    ],
)
def test_reasoning(fields: str, reasoning: Reasoning) -> None:
    """The object wins over the single word."""
    assert read(fields).reasoning == reasoning


def test_the_remaining_fields_are_carried_over() -> None:
    """With times in seconds."""
    request = read(
        '"stop":"x","logit_bias":{"7":-100},"stream":true,"stream_options":{"include_usage":true},'
        '"timeout_secs":5,"max_ttft_ms":250,"user":"u","metadata":{"a":"b"},"parallel_tool_calls":false'
    )
    assert (request.sampling.stop, request.sampling.logit_bias) == (("x",), {"7": -100})
    assert (request.stream, request.include_usage, request.parallel_tool_calls) == (True, True, False)
    assert (request.timeout_s, request.max_ttft_s, request.user, request.labels) == (5, 0.25, "u", {"a": "b"})
    assert read('"stop":["x","y"]').sampling.stop == ("x", "y")


def test_prices_are_told_in_usdc_for_a_million_tokens() -> None:
    """As OpenRouter has them; what is not said is not bounded."""
    assert read('"max_price":{"prompt":0.05,"completion":2}').prices_max == (50_000, 2_000_000)
    assert read('"max_price":{"completion":0.0000019}').prices_max == (None, 2)
    assert read('"max_price":{}').prices_max == read().prices_max == (None, None)
