"""Tests of planned answers on the wire."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import pytest

from antiphon.testing.events import Event, plain_body, stream_error_payload, stream_events
from antiphon.testing.faults import Fault, FaultName
from antiphon.testing.plan import Habits, Plan, plan_answer
from antiphon.testing.raw_client import events_of
from antiphon.testing.text import expected_text

MESSAGES = [{"role": "user", "content": "hello"}]
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"properties": {"city": {"const": "Rome"}}}}}
JSON = Any  # Any: payloads of the wire


def planned(**fields: JSON) -> Plan:
    """The plan for a streamed request with these fields."""
    body = {"messages": MESSAGES, "max_tokens": 6, "stream_options": {"include_usage": True}, **fields}
    return plan_answer(body, Habits(), number=1, created=5)


def payloads(plan: Plan, name: FaultName | None = None) -> list[JSON]:
    """The payloads of the events, [DONE] as the string that it is."""
    events = stream_events(plan, Fault(name=name) if name else None)
    data = events_of(b"".join(event.data for event in islice(events, 100)))
    return [json.loads(each) if each != "[DONE]" else each for each in data]


def text_of(chunks: list[JSON], index: int = 0) -> str:
    """The content of one choice, joined."""
    choices = [choice for chunk in chunks if chunk != "[DONE]" for choice in chunk["choices"]]
    return "".join(each["delta"].get("content") or "" for each in choices if each.get("index", 0) == index)


def test_stream_says_everything_once() -> None:
    """Role first, then the text, one end, usage without choices, [DONE] last."""
    chunks = payloads(planned())
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert text_of(chunks) == expected_text(MESSAGES, 6)
    finishes = [choice["finish_reason"] for chunk in chunks[:-2] for choice in chunk["choices"]]
    assert finishes == [None] * 7 + ["length"]
    assert (chunks[-2]["choices"], chunks[-2]["usage"]["completion_tokens"], chunks[-1]) == ([], 6, "[DONE]")


def test_choices_take_turns() -> None:
    """The choices of one request are interleaved and each is whole."""
    chunks = payloads(planned(n=2))
    assert [text_of(chunks, index) for index in (0, 1)] == [expected_text(MESSAGES, 6, 0, c) for c in (0, 1)]
    assert [choice["index"] for chunk in chunks[2:6] for choice in chunk["choices"]] == [0, 1, 0, 1]


def test_plain_and_stream_agree() -> None:
    """Text, end and usage are the same in one body."""
    body = json.loads(plain_body(planned()))
    assert body["choices"][0]["message"] == {"role": "assistant", "content": expected_text(MESSAGES, 6)}
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"] == payloads(planned())[-2]["usage"]


def test_logprobs_name_the_tokens() -> None:
    """Each token has its own entry, the likeliest first, and the same one in both forms."""
    plan = planned(logprobs=True, top_logprobs=3)
    plain = json.loads(plain_body(plan))["choices"][0]["logprobs"]["content"]
    chunks = [chunk for chunk in payloads(plan) if chunk != "[DONE]" and chunk["choices"]]
    streamed = [entry for chunk in chunks for entry in (chunk["choices"][0]["logprobs"] or {}).get("content", [])]
    assert streamed == plain
    assert "".join(entry["token"] for entry in plain) == expected_text(MESSAGES, 6)
    for entry in plain:
        top = [each["logprob"] for each in entry["top_logprobs"]]
        assert len(top) == 3
        assert top == sorted(top, reverse=True)
        assert bytes(entry["bytes"]).decode() == entry["token"]


def test_calls_stream_in_pieces() -> None:
    """A call begins with its name and id; its arguments come in pieces that join to JSON."""
    plan = planned(tools=[TOOL], tool_choice="required", max_tokens=None)
    chunks = [chunk for chunk in payloads(plan) if chunk != "[DONE]" and chunk["choices"]]
    calls = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    assert (calls[0]["function"]["name"], calls[0]["index"], calls[0]["id"]) == ("weather", 0, "call_0_0")
    assert json.loads("".join(call["function"]["arguments"] for call in calls)) == {"city": "Rome"}
    plain = json.loads(plain_body(plan))["choices"][0]
    assert json.loads(plain["message"]["tool_calls"][0]["function"]["arguments"]) == {"city": "Rome"}
    assert plain["finish_reason"] == "tool_calls"


def test_reasoning_is_apart() -> None:
    """Thinking comes in a field of its own in both forms."""
    messages = [{"role": "user", "content": "[[answer reasoning=2]]"}]
    plan = planned(messages=messages)
    thought = "".join(c["choices"][0]["delta"].get("reasoning_content", "") for c in payloads(plan)[:-2])
    assert thought
    assert json.loads(plain_body(plan))["choices"][0]["message"]["reasoning_content"] == thought


def test_usage_faults() -> None:
    """Usage can lie, be missing, or run along."""
    assert payloads(planned(), "lying_usage")[-2]["usage"]["completion_tokens"] == 60
    assert all("usage" not in chunk for chunk in payloads(planned(), "no_usage"))
    running = [chunk["usage"]["completion_tokens"] for chunk in payloads(planned(), "usage_each_chunk")[1:7]]
    assert running == [1, 2, 3, 4, 5, 6]


def test_end_faults() -> None:
    """An end can be missing, doubled, or not be the end."""
    assert payloads(planned(), "no_done")[-1] != "[DONE]"
    assert payloads(planned(), "double_done")[-2:] == ["[DONE]", "[DONE]"]
    assert payloads(planned(), "after_done")[-1]["choices"][0]["delta"]["content"]
    unfinished = payloads(planned(), "no_finish")
    assert unfinished[-1] == "[DONE]"
    assert all(choice["finish_reason"] is None for chunk in unfinished[:-1] for choice in chunk["choices"])


@pytest.mark.parametrize(("name", "beyond"), [("endless", None), ("endless_whitespace", " ")])
def test_endless_answers_go_on(name: FaultName, beyond: str | None) -> None:
    """A stream goes on past the limit; a plain answer is far too long."""
    text = text_of(payloads(planned(), name))
    expected = expected_text(MESSAGES, 99) if beyond is None else expected_text(MESSAGES, 6) + beyond * 93
    assert text == expected
    content = json.loads(plain_body(planned(), Fault(name=name)))["choices"][0]["message"]["content"]
    assert len(content) > len(expected_text(MESSAGES, 6)) + 60


def test_shape_faults() -> None:
    """Another model, another index, hardly any fields, many fields: the text is the same in all of them."""
    expected = expected_text(MESSAGES, 6)
    assert payloads(planned(model="m"), "wrong_model")[0]["model"] == "another-model"
    assert text_of(payloads(planned(), "wrong_index"), 7) == expected
    bare = payloads(planned(), "bare")
    assert bare[0] == {"choices": [{"delta": {"content": expected_text(MESSAGES, 1)}}]}
    assert text_of(bare) == expected
    full = payloads(planned(), "extra_fields")
    assert text_of(full) == expected
    assert full[-3]["choices"][0]["delta"]["content"]
    assert full[-3]["choices"][0]["finish_reason"] == "length"


def test_dialect_spells_the_same_events() -> None:
    """Comments, CRLF and split data lines carry the same payloads."""
    assert payloads(planned(), "sse_dialect") == payloads(planned())
    assert payloads(planned(), "data_lines") == payloads(planned())
    first = next(stream_events(planned(), Fault(name="sse_dialect")))
    assert first.data.startswith(b": keep-alive\r\n")


def test_events_count_tokens_and_mark_the_end() -> None:
    """Tokens are counted where text is, and everything from the first end on is closing."""
    events = list(stream_events(planned(), None))
    assert sum(event.tokens for event in events) == 6
    assert [event.closing for event in events] == [False] * 7 + [True] * 3
    assert isinstance(events[0], Event)


def test_stream_error_looks_like_vllm() -> None:
    """The error inside a 200 has vLLM's form."""
    assert stream_error_payload()["error"]["type"] == "InternalServerError"


def text_plan(**fields: JSON) -> Plan:
    """The plan for a text completion."""
    body = {"prompt": "hello", "max_tokens": 6, "stream_options": {"include_usage": True}, **fields}
    return plan_answer(body, Habits(), number=1, created=5)


def test_a_text_completion_has_its_own_shape() -> None:
    """Texts in the choices, no roles, the lists of log-probabilities that this shape has."""
    chunks = payloads(text_plan(logprobs=2))
    said = [choice for chunk in chunks[:-1] for choice in chunk["choices"]]
    assert "".join(choice["text"] for choice in said) == expected_text(MESSAGES, 6)
    assert [choice["finish_reason"] for choice in said] == [None] * 6 + ["length"]
    assert said[0]["logprobs"]["tokens"] == [said[0]["text"]]
    assert [len(top) for top in said[0]["logprobs"]["top_logprobs"]] == [2]
    assert {chunk["object"] for chunk in chunks[:-1]} == {"text_completion"}
    body = json.loads(plain_body(text_plan(logprobs=2)))
    (choice,) = body["choices"]
    assert (body["object"], choice["text"]) == ("text_completion", expected_text(MESSAGES, 6))
    assert "".join(choice["logprobs"]["tokens"]) == choice["text"]
    offsets = choice["logprobs"]["text_offset"]
    assert [choice["text"][at] for at in offsets] == [token[0] for token in choice["logprobs"]["tokens"]]


@pytest.mark.parametrize("name", ["bare", "extra_fields"])
def test_a_text_completion_can_be_told_with_less_or_more(name: FaultName) -> None:
    """The text and the end are there in both."""
    chunks = payloads(text_plan(), name)
    said = [choice for chunk in chunks[:-1] for choice in chunk["choices"]]
    assert "".join(choice["text"] for choice in said) == expected_text(MESSAGES, 6)
    assert said[-1]["finish_reason"] == "length"
    assert json.loads(plain_body(text_plan(), Fault(name)))["choices"][0]["text"] == expected_text(MESSAGES, 6)
