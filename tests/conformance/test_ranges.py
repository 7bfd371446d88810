"""Values out of range or of the wrong type: 400 with the field at fault, before any engine sees them."""

from __future__ import annotations

from typing import Any

import pytest

from .answers import JSON
from .client import CHAT, Client

TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
OTHER = {"type": "function", "function": {"name": "fly"}}
SCHEMA = {"name": "x", "schema": {"type": "object"}}

NUMBERS: list[tuple[str, Any]] = [  # Any: wrong types are the point
    *(("temperature", value) for value in (-0.1, 2.01, "1", True, [1])),
    *(("top_p", value) for value in (-0.01, 1.01, "1")),
    *(("top_k", value) for value in (-2, 1.5, "5", True, 2**63)),
    *(("min_p", value) for value in (-0.1, 1.1, "0")),
    *(("frequency_penalty", value) for value in (-2.1, 2.1, "0")),
    *(("presence_penalty", value) for value in (-2.1, 2.1, False)),
    *(("repetition_penalty", value) for value in (-1, 0, "1")),
    *(("repeat_penalty", value) for value in (-1, "1")),
    *(("max_tokens", value) for value in (0, -1, 1.5, "16", True, 2**63, 10**30)),
    *(("max_completion_tokens", value) for value in (0, -5, "16")),
    *(("n", value) for value in (-1, 9, 1.5, "2", 10**9)),
    *(("seed", value) for value in (1.5, "1", True, 2**63)),
    *(("top_logprobs", value) for value in (-1, 21, "3", 1.5)),
    *(("timeout_secs", value) for value in (0, -1, 1801, "10")),
    *(("max_ttft_ms", value) for value in (-1, "10")),
]

OTHERS: list[tuple[str, object, str]] = [
    ("model", None, "model"),
    ("model", 5, "model"),
    ("model", "", "model"),
    ("stop", ["1", "2", "3", "4", "5"], "stop"),
    ("stop", "", "stop"),
    ("stop", ["a", ""], "stop[1]"),
    ("stop", [1], "stop[0]"),
    ("stop", {}, "stop"),
    ("logprobs", "yes", "logprobs"),
    ("logprobs", 1, "logprobs"),
    ("logit_bias", [], "logit_bias"),
    ("logit_bias", {"x": 1}, "logit_bias"),
    ("logit_bias", {"5": 101}, "logit_bias"),
    ("logit_bias", {"5": -100.5}, "logit_bias"),
    ("logit_bias", {"5": "1"}, "logit_bias"),
    ("logit_bias", {"99999999": 1}, "logit_bias"),
    ("stream", "true", "stream"),
    ("stream", 1, "stream"),
    ("stream_options", "usage", "stream_options"),
    ("stream_options", {"include_usage": "yes"}, "stream_options.include_usage"),
    ("response_format", "json", "response_format"),
    ("response_format", {"type": "xml"}, "response_format"),
    ("response_format", {}, "response_format"),
    ("response_format", {"type": "json_schema"}, "response_format"),
    ("response_format", {"type": "json_schema", "json_schema": {"schema": {}}}, "response_format.json_schema"),
    ("response_format", {"type": "json_schema", "json_schema": {"name": "x"}}, "response_format.json_schema"),
    ("tools", "look", "tools"),
    ("tools", [{}], "tools[0]"),
    ("tools", [{"type": "function"}], "tools[0]"),
    ("tools", [{"type": "retrieval"}], "tools[0]"),
    ("tools", [{"type": "function", "function": {"name": "no spaces"}}], "tools[0].function.name"),
    ("tools", [TOOL, TOOL], "tools"),
    ("parallel_tool_calls", "no", "parallel_tool_calls"),
    ("tool_choice", "required", "tool_choice"),
    ("functions", [], "functions"),
    ("function_call", "auto", "function_call"),
    ("modalities", ["text", "audio"], "modalities"),
    ("user", 5, "user"),
    ("metadata", "x", "metadata"),
    ("metadata", {"a": 1}, "metadata"),
    ("metadata", {str(number): "" for number in range(17)}, "metadata"),
    ("reasoning_effort", "huge", "reasoning_effort"),
    ("reasoning", {"effort": "huge"}, "reasoning.effort"),
    ("reasoning", {"effort": "low", "max_tokens": 5}, "reasoning"),
]

MESSAGES: list[tuple[object, str]] = [
    (None, "messages"),
    ([], "messages"),
    ("hi", "messages"),
    ([{}], "messages[0]"),
    ([{"role": "user"}], "messages[0].content"),
    ([{"role": "user", "content": None}], "messages[0].content"),
    ([{"role": "user", "content": 5}], "messages[0].content"),
    ([{"role": "user", "content": []}], "messages[0].content"),
    ([{"role": "user", "content": ["hi"]}], "messages[0].content[0]"),
    ([{"role": "user", "content": [{"type": "smell"}]}], "messages[0].content[0]"),
    ([{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}], "messages[0].content[0]"),
    ([{"role": "robot", "content": "hi"}], "messages[0].role"),
    ([{"role": "function", "name": "f", "content": "hi"}], "messages[0].role"),
    ([{"role": "user", "content": "hi"}, {"role": "tool", "content": "5"}], "messages[1].tool_call_id"),
    ([{"role": "assistant", "tool_calls": [{"id": "1"}]}], "messages[0].tool_calls[0]"),
    ([{"role": "user", "content": "hi", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}],
     "messages[0].tool_calls"),
    ([{"role": "user", "name": "no spaces", "content": "hi"}], "messages[0].name"),
]  # fmt: skip

BODIES = [b"", b"{", b"[]", b'"x"', b"null", b'{"model": NaN}', b"\xff\xfe", b"[" * 10_000, b'{"a": 1e999}' * 2]


@pytest.mark.parametrize(("field", "value"), NUMBERS)
def test_a_number_out_of_range_is_refused(client: Client, field: str, value: object) -> None:
    """The refusal names the field, in `param` and in its sentence."""
    needs: JSON = {"logprobs": True} if field == "top_logprobs" else {}
    fields: JSON = needs | {field: value}
    refusal = client.refuse(**fields)
    assert refusal.param == field
    assert field in refusal.message
    assert refusal.type == "invalid_request_error"


@pytest.mark.parametrize(("field", "value", "param"), OTHERS)
def test_another_value_is_refused(client: Client, field: str, value: object, param: str) -> None:
    """The refusal names the field, or the part of it that is wrong."""
    fields: JSON = {field: value}
    refusal = client.refuse(**fields)
    assert refusal.param is not None
    assert refusal.param.startswith(param)
    assert refusal.type == "invalid_request_error"


@pytest.mark.parametrize(("messages", "param"), MESSAGES)
def test_a_malformed_message_is_refused(client: Client, messages: object, param: str) -> None:
    """The refusal says which message, and what of it."""
    refusal = client.refuse(messages=messages)
    assert refusal.param is not None
    assert refusal.param.startswith(param)


@pytest.mark.parametrize("choice", ["sometimes", 5, {"type": "function"}, {"type": "function", "function": OTHER}])
def test_a_bad_tool_choice_is_refused(client: Client, choice: object) -> None:
    """With tools there, the choice is one of the words or one of the tools."""
    refusal = client.refuse(tools=[TOOL], tool_choice=choice)
    assert refusal.param is not None
    assert refusal.param.startswith("tool_choice")


def test_a_choice_of_a_tool_that_is_not_there_is_refused(client: Client) -> None:
    """The name has to be in the list."""
    refusal = client.refuse(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "fly"}})
    assert refusal.param is not None
    assert refusal.param.startswith("tool_choice")


def test_top_logprobs_need_logprobs(client: Client) -> None:
    """Candidates without the entries that hold them make no sense; zero candidates do no harm."""
    for off in (None, False):
        assert client.refuse(top_logprobs=3, logprobs=off).param == "top_logprobs"


@pytest.mark.parametrize("body", BODIES, ids=repr)
def test_a_body_that_is_no_object_is_refused(client: Client, body: bytes) -> None:
    """Whatever comes instead of a JSON object is answered 400 with a sentence."""
    response = client.http.post(CHAT, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400, response.text
    assert response.json()["error"]["message"]


def test_a_number_that_no_float_holds_is_refused(client: Client) -> None:
    """1e999 is JSON, but no temperature."""
    body = b'{"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 1e999}'
    response = client.http.post(CHAT, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
