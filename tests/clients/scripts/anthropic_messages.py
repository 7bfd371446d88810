"""Anthropic's messages with the official Python SDK: blocks, tools, images, thoughts, events, errors."""

# The SDK is in its own environment only, so nothing is known of its types where types are checked.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

import anthropic
import httpx2

from .scenario import Lab, failure

TIMEOUT_S = 60.0
FEW_TOKENS = 12
Client = Any  # Any: anthropic.Anthropic, and below the SDK's own answers
WEATHER = {
    "name": "weather",
    "description": "The weather in a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["Oslo", "Rome"]}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


def connect(lab: Lab, **options: Any) -> Client:  # Any: the SDK's options
    """A client with a good key that never tries twice, unless the options say otherwise."""
    settings = {"base_url": lab.origin, "api_key": lab.key, "timeout": TIMEOUT_S, "max_retries": 0}
    return anthropic.Anthropic(**(settings | options))


def say(text: str) -> list[dict[str, Any]]:
    """A conversation of one user's message."""
    return [{"role": "user", "content": text}]


def a_message_answers(lab: Lab) -> None:
    """By the small model; the request's id is where the SDK looks for it."""
    fields = {"model": lab.model, "max_tokens": FEW_TOKENS, "messages": say("Say hi."), "system": "Be brief."}
    told = connect(lab).messages.create(**fields, metadata={"user_id": "u-1"})
    assert told.id.startswith("msg_"), told
    assert (told.type, told.role, told.model) == ("message", "assistant", lab.id_of(lab.model)), told
    assert [block.type for block in told.content] == ["text"], told
    assert told.stop_reason in ("end_turn", "max_tokens"), told
    assert 0 < told.usage.output_tokens <= FEW_TOKENS, told
    assert told._request_id.startswith("req_"), told


def the_key_comes_in_either_header(lab: Lab) -> None:
    """As a bearer token or as `x-api-key`, which older versions of the SDK send."""
    body = {"model": lab.fault_model, "max_tokens": 3, "messages": say("Hi")}
    for headers in ({"x-api-key": lab.key}, {"authorization": f"Bearer {lab.key}"}):
        answer = httpx2.post(f"{lab.origin}/v1/messages", json=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (200, "message"), answer.text


def a_stream_says_what_a_plain_message_says(lab: Lab) -> None:
    """Event by event, and put together by the helper."""
    fields = {"model": lab.fault_model, "max_tokens": 100, "messages": say("Tell me.")}
    client = connect(lab)
    plain = client.messages.create(**fields)
    events = list(client.messages.create(**fields, stream=True))
    assert [event.type for event in events[:2]] == ["message_start", "content_block_start"], events
    assert [event.type for event in events[-3:]] == ["content_block_stop", "message_delta", "message_stop"], events
    with client.messages.stream(**fields) as stream:
        text = "".join(stream.text_stream)
        told = stream.get_final_message()
    assert text == plain.content[0].text == told.content[0].text
    assert (told.usage.input_tokens, told.usage.output_tokens) == (plain.usage.input_tokens, plain.usage.output_tokens)
    assert told.stop_reason == plain.stop_reason == "end_turn", told


def a_stream_can_be_read_in_an_event_loop(lab: Lab) -> None:
    """The same with the asynchronous client."""

    async def read() -> str:
        async with anthropic.AsyncAnthropic(base_url=lab.origin, api_key=lab.key) as client:
            asked = client.messages.stream(model=lab.fault_model, max_tokens=9, messages=say("Hi"))
            async with asked as stream:
                return "".join([text async for text in stream.text_stream])

    assert asyncio.run(read())


def a_begun_answer_is_continued(lab: Lab) -> None:
    """A closing assistant turn binds the small model: it says a fruit, and then closes the quotation."""
    turns = [*say("Name a fruit as JSON."), {"role": "assistant", "content": '{"fruit": "'}]
    told = connect(lab).messages.create(model=lab.model, max_tokens=8, messages=turns, stop_sequences=['"'])
    assert not told.content or '"' not in told.content[0].text, told


def a_limit_is_told(lab: Lab) -> None:
    """Cut at `max_tokens`, plain and streamed."""
    fields = {"model": lab.fault_model, "max_tokens": 3, "messages": say("Hi")}
    assert connect(lab).messages.create(**fields).stop_reason == "max_tokens"
    with connect(lab).messages.stream(**fields) as stream:
        assert stream.get_final_message().stop_reason == "max_tokens"


def a_stop_sequence_is_told(lab: Lab) -> None:
    """With the text that it was, plain and streamed."""
    fields = {"model": lab.fault_model, "max_tokens": 100, "messages": say("Tell me.")}
    client = connect(lab)
    text = client.messages.create(**fields).content[0].text
    stop = text[len(text) // 2 :][:6]
    stopping = {**fields, "stop_sequences": ["not in there", stop]}
    with client.messages.stream(**stopping) as stream:
        streamed = stream.get_final_message()
    for told in (client.messages.create(**stopping), streamed):
        assert (told.stop_reason, told.stop_sequence) == ("stop_sequence", stop), told
        assert told.content[0].text == text[: text.index(stop)], told


def a_schema_binds_the_text(lab: Lab) -> None:
    """The small model keeps it."""
    schema = {
        "type": "object",
        "properties": {"name": {"enum": ["apple", "pear"]}, "ripe": {"type": "boolean"}},
        "required": ["name", "ripe"],
        "additionalProperties": False,
    }
    told = connect(lab).messages.create(
        model=lab.model, max_tokens=100, messages=say("Describe a ripe apple."),
        output_config={"format": {"type": "json_schema", "schema": schema}},
    )  # fmt: skip
    value = json.loads(told.content[0].text)
    assert (value["name"] in ("apple", "pear"), type(value["ripe"])) == (True, bool), told


def calls_are_made_and_answered(lab: Lab) -> None:
    """By the small model, whose arguments the schema binds; the next turn is words."""
    client, turns = connect(lab), say("How is the weather in Oslo?")
    fields = {"model": lab.model, "tools": [WEATHER]}
    one = {"type": "any", "disable_parallel_tool_use": True}
    told = client.messages.create(messages=turns, tool_choice=one, max_tokens=160, **fields)
    calls = [block for block in told.content if block.type == "tool_use"]
    assert told.stop_reason == "tool_use", told
    assert {(call.name, call.input["city"] in ("Oslo", "Rome")) for call in calls} == {("weather", True)}, told
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "rain"} for call in calls]
    history = [*turns, {"role": "assistant", "content": told.content}, {"role": "user", "content": results}]
    last = client.messages.create(messages=history, tool_choice={"type": "none"}, max_tokens=FEW_TOKENS, **fields)
    assert [block.type for block in last.content] == ["text"], last


def calls_are_streamed(lab: Lab) -> None:
    """Three at once, told apart; the helper reads their arguments."""
    asked = {"model": lab.fault_model, "max_tokens": 400, "tools": [WEATHER]}
    with connect(lab).messages.stream(messages=say("[[answer calls=3]] Weather?"), **asked) as stream:
        told = stream.get_final_message()
    assert len({block.id for block in told.content}) == 3, told
    assert all(block.input["city"] for block in told.content), told
    assert told.stop_reason == "tool_use", told


def an_image_is_seen(lab: Lab) -> None:
    """As data in the request."""
    media_type, _, data = lab.red_image.removeprefix("data:").partition(";base64,")
    image = {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}
    turns = [{"role": "user", "content": [image, {"type": "text", "text": "What is this?"}]}]
    told = connect(lab).messages.create(model=lab.vision_model, max_tokens=4, messages=turns)
    assert told.usage.input_tokens + (told.usage.cache_read_input_tokens or 0) > 40, told


def a_stream_that_breaks_raises(lab: Lab) -> None:
    """An error event after good tokens: never an end that looks like one."""
    asked = {"model": lab.fault_model, "max_tokens": 50, "messages": say("[[fault:close k=3]] Hi.")}
    seen: list[str] = []

    def read() -> None:
        seen.extend(event.type for event in connect(lab).messages.create(**asked, stream=True))

    error = failure(anthropic.APIStatusError, read)
    assert error.body["error"]["type"] == "api_error", error.body


def errors_are_the_packages_own(lab: Lab) -> None:
    """Each comes as its documentation says, with its type."""
    fields = {"model": lab.fault_model, "max_tokens": 5, "messages": say("Hi")}
    document = [{"role": "user", "content": [{"type": "document", "source": {"type": "text", "data": "a"}}]}]
    cases: tuple[tuple[Any, dict[str, Any], str], ...] = (
        (anthropic.BadRequestError, {"max_tokens": 0}, "invalid_request_error"),
        (anthropic.BadRequestError, {"messages": document}, "invalid_request_error"),
        (anthropic.NotFoundError, {"model": "nobody/nothing"}, "not_found_error"),
        (anthropic.InternalServerError, {"model": lab.down_model}, "overloaded_error"),
        (anthropic.InternalServerError, {"messages": say("[[fault:status status=500]] Hi")}, "api_error"),
    )
    for kind, changes, told in cases:
        error = failure(kind, partial(connect(lab).messages.create, **{**fields, **changes}))
        assert error.body["error"]["type"] == told, error.body
        assert error.request_id.startswith("req_"), error.response.headers
    wrong = failure(anthropic.AuthenticationError, lambda: connect(lab, api_key="sk-wrong").messages.create(**fields))
    assert wrong.body["error"]["type"] == "authentication_error", wrong.body


def tokens_are_counted(lab: Lab) -> None:
    """As many as the message then says."""
    client, fields = connect(lab), {"model": lab.model, "messages": say("Say hi."), "system": "Be brief."}
    counted = client.messages.count_tokens(**fields)
    usage = client.messages.create(max_tokens=1, **fields).usage
    assert counted.input_tokens == usage.input_tokens + usage.cache_read_input_tokens, (counted, usage)
