"""What a request gets that says nothing: by its door, its project, its model, then the gateway; as it is stored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.answers import JSON
from tests.conformance.client import Client

from .lab import stored

NUGEN, ADAPTIVE, V1 = "/api/v3/inference", "/api/v1", "/v1"
SERVER: JSON = {
    "temperature": 1,
    "top_p": 1,
    "top_k": -1,
    "min_p": 0,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "logprobs": False,
    "top_logprobs": 0,
    "n": 1,
    "stream": False,
    "timeout_secs": 600,
    "max_ttft_ms": 60_000,
}
DRIA: JSON = SERVER | {"temperature": 0.7, "max_tokens": 2048, "timeout_secs": 120}
DMIND: JSON = SERVER  # temperature 1, top_p 1, top_k -1, min_p 0, and no limit but the context
PROJECT: JSON = SERVER | {
    "temperature": 0.3,
    "top_k": 40,
    "frequency_penalty": 0.5,
    "timeout_secs": 90,
    "max_tokens": 300,
}
AT_NUGENS: JSON = {"temperature": 1, "max_tokens": 2000, "prompt_truncate_len": 1500}


def effective(client: Client, door: str, model: str, **fields: object) -> JSON:
    """The parameters that took effect, of a short answer of an engine that says what it is told to."""
    body = {"model": model, "messages": [{"role": "user", "content": "[[answer tokens=2]]"}], "store": True} | fields
    reply = client.http.post(f"{door}/chat/completions", json=body)
    assert reply.status_code == 200, reply.text
    found: JSON = stored(client, reply.json())["parameters"]
    return found


@pytest.mark.parametrize(
    ("door", "model", "expected"),
    [
        (V1, "qwen3.5:9b", DRIA),
        (V1, "dmind/dmind-1", DMIND),
        (V1, "dmind", PROJECT),
        (V1, "dmind/qwen3.5:9b", PROJECT),
        (NUGEN, "qwen3.5:9b", DRIA | AT_NUGENS),
        (NUGEN, "dmind/dmind-1", DMIND | AT_NUGENS),
        (NUGEN, "dmind", PROJECT | AT_NUGENS),
        (ADAPTIVE, "plain/qwen3.5:9b", DRIA),
        (ADAPTIVE, "plain/dmind/dmind-1", DMIND),
        (ADAPTIVE, "dmind", PROJECT),
    ],
)
def test_what_is_not_said_is_filled_in(client: Client, door: str, model: str, expected: JSON) -> None:
    """The door before the project, the project before the model, the model before the gateway."""
    told = effective(client, door, model)
    assert {name: told.get(name) for name in expected} == expected
    assert set(told) - set(expected) <= {"max_tokens"}, "nothing else took effect"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 0.11),
        ("top_p", 0.12),
        ("top_k", 13),
        ("min_p", 0.14),
        ("frequency_penalty", 0.15),
        ("presence_penalty", 0.16),
        ("repetition_penalty", 1.17),
        ("max_tokens", 18),
        ("timeout_secs", 19),
        ("max_ttft_ms", 20_000),
        ("prompt_truncate_len", 2100),
        ("seed", 22),
        ("n", 2),
        ("stop", ["a", "b"]),
        ("logit_bias", {"5": 1.5}),
        ("logprobs", True),
    ],
)
@pytest.mark.parametrize(("door", "model"), [(V1, "dmind"), (NUGEN, "dmind"), (ADAPTIVE, "dmind")])
def test_what_is_said_counts(client: Client, door: str, model: str, field: str, value: Any) -> None:  # Any: JSON
    """The request before everything else, at each door."""
    assert effective(client, door, model, **{field: value})[field] == value


def test_null_is_as_good_as_nothing(client: Client) -> None:
    """At every door the defaults stay."""
    nothing = dict.fromkeys(["temperature", "top_p", "top_k", "min_p", "max_tokens", "timeout_secs", "n", "stop"])
    for door in (V1, NUGEN):
        assert effective(client, door, "qwen3.5:9b", **nothing) == effective(client, door, "qwen3.5:9b")


def test_tools_and_formats_are_stored_as_they_took_effect(client: Client) -> None:
    """The choice of a tool is `auto` where there are tools, calls may be parallel, and a format is its schema."""
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    told = effective(client, V1, "qwen3.5:9b", tools=[tool])
    assert (told["tool_choice"], told["parallel_tool_calls"]) == ("auto", True)
    assert told["tools"][0]["function"]["name"] == "look"
    schema = {"name": "n", "schema": {"type": "object"}}
    told = effective(client, V1, "qwen3.5:9b", response_format={"type": "json_schema", "json_schema": schema})
    assert told["response_format"] == {"type": "json_schema", "json_schema": schema}


def test_whether_a_turn_is_kept_goes_by_the_door(client: Client) -> None:
    """Not kept at /v1 and Nugen's unless asked for, kept at Adaptive's unless asked not to."""
    for door, model, by_default in ((V1, "qwen3.5:9b", False), (NUGEN, "qwen3.5:9b", False), (ADAPTIVE, "dmind", True)):
        for said, kept in ((None, by_default), (True, True), (False, False)):
            body = {"model": model, "messages": [{"role": "user", "content": "Hi."}], "max_tokens": 2, "store": said}
            choice = client.http.post(f"{door}/chat/completions", json=body).json()["choices"][0]
            address = f"/v1/interactions/{choice.get('completion_id')}"
            assert (client.http.get(address).status_code == 200) is kept, (door, said)
            client.http.delete(address)
