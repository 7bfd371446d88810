"""Tools with the official Python SDK, on a model whose template knows none and an engine that has them; any door."""

# mypy: disable-error-code="import-not-found", disallow-subclassing-any=False

from __future__ import annotations

import json
from typing import Any, Literal

import openai
from pydantic import BaseModel, Field

from .openai_connect import connect, refusal, say
from .scenario import Lab

TOKENS = 120
QUESTION = "What is the weather in Oslo for two days?"
Message = Any  # Any: the SDK's message


class GetWeather(BaseModel):
    """The weather of a city."""

    city: Literal["Oslo", "Rome"]
    days: int = Field(ge=1, le=7)


class GetTime(BaseModel):
    """The time in a zone."""

    zone: Literal["CET", "UTC"]


TOOLS = [openai.pydantic_function_tool(each) for each in (GetWeather, GetTime)]
KINDS: dict[str, Any] = {"GetWeather": GetWeather, "GetTime": GetTime}  # Any: pydantic's classes


def a_call_is_answered(lab: Lab) -> None:
    """The whole round on the small model: a forced call, its result, an answer in words."""
    create = connect(lab).chat.completions.create
    named = {"type": "function", "function": {"name": "GetWeather"}}
    once = {"tool_choice": named, "parallel_tool_calls": False, "max_tokens": TOKENS}
    asked = create(model=lab.model, messages=say(QUESTION), tools=TOOLS, **once)
    (choice,) = asked.choices
    assert choice.finish_reason == "tool_calls", asked
    assert not choice.message.content, asked
    result = [
        {"role": "tool", "tool_call_id": call.id, "content": '{"sky": "clear"}'} for call in _calls(choice.message)
    ]
    messages = [*say(QUESTION), choice.message, *result]
    told = create(model=lab.model, messages=messages, tools=TOOLS, tool_choice="none", max_tokens=20)
    assert told.choices[0].message.content, told
    assert not told.choices[0].message.tool_calls, told


def a_required_call_is_made(lab: Lab) -> None:
    """Of whichever tool, with valid arguments."""
    answer = connect(lab).chat.completions.create(
        model=lab.model, messages=say(QUESTION), tools=TOOLS, tool_choice="required", parallel_tool_calls=False,
        max_tokens=TOKENS,
    )  # fmt: skip
    assert len(_calls(answer.choices[0].message)) == 1, answer


def auto_calls_or_talks(lab: Lab) -> None:
    """Left to the small model: words, or valid calls, never a mixture that the SDK cannot read."""
    create = connect(lab).chat.completions.create
    answer = create(model=lab.model, messages=say(QUESTION), tools=TOOLS, max_tokens=TOKENS, temperature=0)
    (choice,) = answer.choices
    if choice.finish_reason == "tool_calls":
        assert _calls(choice.message), answer
    else:
        assert choice.finish_reason in ("stop", "length"), answer
        assert choice.message.content or choice.message.tool_calls, answer


def parse_reads_the_arguments(lab: Lab) -> None:
    """`.parse()` makes pydantic values of them."""
    answer = connect(lab).chat.completions.parse(
        model=lab.model, messages=say(QUESTION), tools=TOOLS, tool_choice="required", max_tokens=TOKENS,
        parallel_tool_calls=False,
    )  # fmt: skip
    (call,) = answer.choices[0].message.tool_calls
    assert isinstance(call.function.parsed_arguments, KINDS[call.function.name]), answer


def streamed_deltas_make_a_call(lab: Lab) -> None:
    """Raw chunks: id, type and name once and first, then arguments in pieces, under the right index."""
    stream = connect(lab).chat.completions.create(
        model=lab.model, messages=say(QUESTION), tools=TOOLS, tool_choice="required", max_tokens=TOKENS,
        parallel_tool_calls=False, stream=True,
    )  # fmt: skip
    choices = [chunk.choices[0] for chunk in stream]
    first, *rest = [piece for choice in choices for piece in choice.delta.tool_calls or ()]
    assert (first.index, first.type) == (0, "function"), first
    assert first.id, first
    assert len(rest) > 1, rest
    assert all(piece.index == 0 and not piece.id and not piece.function.name for piece in rest), rest
    arguments = "".join(piece.function.arguments or "" for piece in (first, *rest))
    KINDS[first.function.name].model_validate_json(arguments)
    assert choices[-1].finish_reason == "tool_calls", choices[-1]
    assert not any(choice.delta.content for choice in choices), choices


def the_stream_helper_reads_calls(lab: Lab) -> None:
    """Its events carry the arguments so far and in the end; the final message carries the value."""
    asked = connect(lab).chat.completions.stream(
        model=lab.model, messages=say(QUESTION), tools=TOOLS, tool_choice="required", max_tokens=TOKENS,
        parallel_tool_calls=False,
    )  # fmt: skip
    with asked as stream:
        events = list(stream)
        (choice,) = stream.get_final_completion().choices
    (call,) = choice.message.tool_calls
    (done,) = (event for event in events if event.type == "tool_calls.function.arguments.done")
    deltas = [event for event in events if event.type == "tool_calls.function.arguments.delta"]
    assert (done.name, done.arguments) == (call.function.name, call.function.arguments)
    assert "".join(event.arguments_delta for event in deltas) == call.function.arguments
    assert isinstance(call.function.parsed_arguments, KINDS[call.function.name]), call
    assert choice.finish_reason == "tool_calls", choice


def parallel_calls_are_told_apart(lab: Lab) -> None:
    """An engine that makes three calls in one answer: three ids, three whole arguments, streamed and not."""
    fields = {"model": lab.fault_model, "messages": say("[[answer calls=3]] Weather?"), "tools": TOOLS}
    client = connect(lab)
    plain = client.chat.completions.create(**fields).choices[0].message
    with client.chat.completions.stream(**fields) as stream:
        streamed = stream.get_final_completion().choices[0].message
    for message in (plain, streamed):
        calls = _calls(message)
        assert len({call.id for call in calls}) == 3, message
    assert [call.index for call in streamed.tool_calls] == [0, 1, 2], streamed


def an_agent_comes_to_its_end(lab: Lab) -> None:
    """The loop of every agent, streamed: calls, results, and then words."""
    client, messages = connect(lab), [*say("[[answer calls=2]] Weather?")]
    for _ in range(3):
        with client.chat.completions.stream(model=lab.fault_model, messages=messages, tools=TOOLS) as stream:
            (choice,) = stream.get_final_completion().choices
        if choice.finish_reason != "tool_calls":
            break
        messages.append(choice.message.to_dict())
        results = [{"role": "tool", "tool_call_id": call.id, "content": "clear"} for call in _calls(choice.message)]
        messages.extend(results)
    assert len(messages) == 4, messages
    assert choice.finish_reason == "stop", choice
    assert choice.message.content, choice


def a_choice_without_tools_is_refused(lab: Lab) -> None:
    """The field is named."""

    def ask() -> object:
        create = connect(lab).chat.completions.create
        return create(model=lab.model, messages=say("Hi."), tool_choice="required")

    told = refusal(lab, ask)
    assert (told.place or told.message).startswith("tool_choice"), told


def _calls(message: Message) -> list[Any]:  # Any: the SDK's calls
    """The calls of a message, each with an id, and arguments that its tool takes."""
    for call in message.tool_calls:
        assert (call.type, bool(call.id)) == ("function", True), call
        KINDS[call.function.name].model_validate(json.loads(call.function.arguments))
    return list(message.tool_calls)
