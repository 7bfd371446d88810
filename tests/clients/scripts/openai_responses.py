"""OpenAI's responses with the official Python SDK: items, conversations that are kept, schemas, calls, events."""

# mypy: disable-error-code="import-not-found", disallow-subclassing-any=False

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import openai
from pydantic import BaseModel

from .openai_connect import FEW_TOKENS, connect
from .scenario import Lab, failure

Item = Any  # Any: the SDK's items
WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["Oslo", "Rome"]}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


class Fruit(BaseModel):
    """A fruit."""

    name: Literal["apple", "pear"]
    ripe: bool


def a_response_answers(lab: Lab) -> None:
    """By the small model; what was asked for is said again, and the counts add up."""
    told = connect(lab).responses.create(
        model=lab.model, input="Say hi.", instructions="Be brief.", max_output_tokens=FEW_TOKENS, store=False,
        metadata={"purpose": "test"}, temperature=0.5,
    )  # fmt: skip
    assert told.id.startswith("resp_"), told
    assert told.output_text, told
    assert (told.object, told.status in ("completed", "incomplete"), told.error) == ("response", True, None), told
    assert (told.instructions, told.metadata, told.temperature) == ("Be brief.", {"purpose": "test"}, 0.5), told
    assert told.usage.total_tokens == told.usage.input_tokens + told.usage.output_tokens, told
    assert told._request_id.startswith("req_"), told


def a_cut_response_says_so(lab: Lab) -> None:
    """It is incomplete, plain and streamed."""
    fields = {"model": lab.fault_model, "input": "Hi", "max_output_tokens": 3, "store": False}
    client = connect(lab)
    plain = client.responses.create(**fields)
    *_, last = client.responses.create(**fields, stream=True)
    for told in (plain, last.response):
        assert (told.status, told.incomplete_details.reason) == ("incomplete", "max_output_tokens"), told
    assert plain.output_text == last.response.output_text, last


def events_are_in_order(lab: Lab) -> None:
    """Numbered without a gap; the pieces are the text, and the text is that of a plain response."""
    fields = {"model": lab.fault_model, "input": "Tell me.", "store": False}
    events = list(connect(lab).responses.create(**fields, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.type for event in events[:4]] == [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
    ]  # fmt: skip
    assert [event.type for event in events[-4:]] == [
        "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
    ]  # fmt: skip
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == events[-1].response.output_text == connect(lab).responses.create(**fields).output_text


def the_stream_helper_reads_a_response(lab: Lab) -> None:
    """Of the small model, with log-probabilities."""
    asked = connect(lab).responses.stream(
        model=lab.model, input="Say hi.", max_output_tokens=200, top_logprobs=2, store=False,
        include=["message.output_text.logprobs"], text={"format": {"type": "json_object"}}, instructions="{}",
    )  # fmt: skip
    with asked as stream:
        pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
        whole = [event for event in stream if event.type in ("response.completed", "response.incomplete")]
    assert pieces, whole


def a_schema_binds_the_text(lab: Lab) -> None:
    """The SDK writes it, the small model keeps it, the SDK reads it."""
    told = connect(lab).responses.parse(
        model=lab.model, input="Describe a ripe apple.", text_format=Fruit, max_output_tokens=160, store=False
    )
    assert isinstance(told.output_parsed, Fruit), told


def a_conversation_goes_on(lab: Lab) -> None:
    """From a stored response, without its instructions; it is shown again, with what it answered, and deleted."""
    client = connect(lab)
    fields = {"model": lab.fault_model, "max_output_tokens": 4}
    first = client.responses.create(input="One.", instructions="Be brief.", **fields)
    turns = [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Two."}]
    second = client.responses.create(input=turns, previous_response_id=first.id, **fields)
    assert second.usage.input_tokens > first.usage.input_tokens, second
    shown = client.responses.retrieve(second.id)
    assert (shown.output_text, shown.previous_response_id) == (second.output_text, first.id), shown
    listed = list(client.responses.input_items.list(second.id, order="asc", limit=2))
    assert [(item.role, _text(item)) for item in listed] == [
        ("developer", "Be kind."), ("user", "One."), ("assistant", first.output_text), ("user", "Two."),
    ]  # fmt: skip
    client.responses.delete(first.id)
    error = failure(openai.NotFoundError, lambda: client.responses.retrieve(first.id))
    assert error.code == "response_not_found", error.body
    again = {"input": "Three.", "previous_response_id": first.id, **fields}
    refused = failure(openai.BadRequestError, lambda: client.responses.create(**again))
    assert (refused.code, refused.param) == ("previous_response_not_found", "previous_response_id"), refused.body
    assert client.responses.retrieve(second.id).output_text == second.output_text


def what_is_not_to_be_stored_is_not(lab: Lab) -> None:
    """Nothing goes on from it."""
    client = connect(lab)
    told = client.responses.create(model=lab.fault_model, input="Hi", store=False)
    failure(openai.NotFoundError, lambda: client.responses.retrieve(told.id))


def calls_are_made_and_answered(lab: Lab) -> None:
    """By the small model, whose arguments the schema binds; the next turn is words."""
    client, turns = connect(lab), [{"role": "user", "content": "How is the weather in Oslo?"}]
    fields = {"model": lab.model, "tools": [WEATHER], "store": False}
    told = client.responses.create(input=turns, tool_choice="required", max_output_tokens=160, **fields)
    calls = [item for item in told.output if item.type == "function_call"]
    assert calls, told
    assert {call.name for call in calls} == {"weather"}, told
    results = [{"type": "function_call_output", "call_id": call.call_id, "output": "rain"} for call in calls]
    history = [*turns, *told.output, *results]
    last = client.responses.create(input=history, tool_choice="none", max_output_tokens=FEW_TOKENS, **fields)
    assert [item.type for item in last.output] == ["message"], last


def calls_are_streamed(lab: Lab) -> None:
    """Three at once, told apart; the helper parses their arguments."""
    asked = {"model": lab.fault_model, "input": "[[answer calls=3]] Weather?", "tools": [WEATHER], "store": False}
    with connect(lab).responses.stream(**asked) as stream:
        done = [event for event in stream if event.type == "response.function_call_arguments.done"]
        output = stream.get_final_response().output
    assert len({item.call_id for item in output}) == 3, output
    assert [event.arguments for event in done] == [item.arguments for item in output], output
    assert all(item.parsed_arguments["city"] for item in output), output


def a_response_that_breaks_has_failed(lab: Lab) -> None:
    """An event says so, and then the SDK raises: never an end that looks like one."""
    asked = {"model": lab.fault_model, "input": "[[fault:close k=3]] Hi.", "stream": True, "store": False}
    seen: list[str] = []

    def read() -> None:
        seen.extend(event.type for event in connect(lab).responses.create(**asked))

    error = failure(openai.APIError, read)
    assert (error.code, error.type) == ("engine_failed", "server_error"), error.body


def what_is_wrong_is_named(lab: Lab) -> None:
    """400 with the field; 404 for a model that is not there."""
    create = connect(lab).responses.create
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"background": True}, "background"),
        ({"temperature": 3}, "temperature"),
    )
    for fields, param in cases:
        error = failure(openai.BadRequestError, partial(create, model=lab.model, input="Hi", **fields))
        assert error.param == param, error.body
    missing = failure(openai.NotFoundError, lambda: create(model="nobody/nothing", input="Hi"))
    assert missing.code == "model_not_found", missing.body


def tokens_are_counted(lab: Lab) -> None:
    """As many as the response then says."""
    client, fields = connect(lab), {"model": lab.model, "input": "Say hi.", "instructions": "Be brief."}
    counted = client.responses.input_tokens.count(**fields)
    told = client.responses.create(max_output_tokens=1, store=False, **fields)
    assert counted.input_tokens == told.usage.input_tokens, (counted, told)


def _text(item: Item) -> str:
    """The text of a message."""
    return "".join(part.text for part in item.content)
