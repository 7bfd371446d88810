"""Structured output with the official Python SDK at any door: pydantic models in, pydantic values out."""

# mypy: disable-error-code="import-not-found", disallow-subclassing-any=False

from __future__ import annotations

import json
from typing import Literal

import openai
from pydantic import BaseModel, ConfigDict, Field

from .openai_connect import connect, refusal, say
from .scenario import Lab, failure

TOKENS = 160
QUESTION = "Describe a red apple and a green pear."


class Fruit(BaseModel):
    """One fruit."""

    model_config = ConfigDict(extra="forbid")
    name: Literal["apple", "pear", "plum"]
    ripe: bool
    grams: int = Field(ge=1, le=500)
    colour: Literal["red", "green"] | None


class Basket(BaseModel):
    """Fruits, by reference."""

    model_config = ConfigDict(extra="forbid")
    label: str = Field(max_length=12)
    fruits: list[Fruit] = Field(min_length=1, max_length=2)


def parse_returns_a_value(lab: Lab) -> None:
    """A nested model with references, a union, an enumeration and bounds."""
    answer = connect(lab).chat.completions.parse(
        model=lab.model, messages=say(QUESTION), response_format=Basket, max_tokens=TOKENS
    )
    (choice,) = answer.choices
    assert choice.finish_reason == "stop", answer
    assert isinstance(choice.message.parsed, Basket), answer
    assert choice.message.refusal is None, answer


def parse_says_that_the_answer_was_cut(lab: Lab) -> None:
    """Too few tokens: the SDK's own error for `finish_reason: length`, not a broken value."""

    def ask() -> object:
        parse = connect(lab).chat.completions.parse
        return parse(model=lab.model, messages=say(QUESTION), response_format=Basket, max_tokens=4)

    error = failure(openai.LengthFinishReasonError, ask)
    assert error.completion.choices[0].finish_reason == "length"


def the_stream_helper_parses(lab: Lab) -> None:
    """Deltas carry what is known so far, the end carries the value."""
    asked = connect(lab).chat.completions.stream(
        model=lab.model, messages=say(QUESTION), response_format=Basket, max_tokens=TOKENS
    )
    with asked as stream:
        events = list(stream)
        final = stream.get_final_completion()
    (done,) = (event for event in events if event.type == "content.done")
    assert isinstance(done.parsed, Basket), final
    assert final.choices[0].message.parsed == done.parsed, final
    assert any(event.parsed for event in events if event.type == "content.delta"), events


def json_object_is_json(lab: Lab) -> None:
    """Without a schema: any object."""
    answer = connect(lab).chat.completions.create(
        model=lab.model, messages=say("Answer in JSON: what is 1+1?"), response_format={"type": "json_object"},
        max_tokens=TOKENS, temperature=0,
    )  # fmt: skip
    (choice,) = answer.choices
    if choice.finish_reason == "stop":
        assert isinstance(json.loads(choice.message.content), dict), answer
    else:
        assert choice.finish_reason == "length", answer
        assert choice.message.content.lstrip().startswith("{"), answer


def several_choices_are_parsed(lab: Lab) -> None:
    """Each choice keeps to the schema."""
    answer = connect(lab).chat.completions.parse(
        model=lab.model, messages=say(QUESTION), response_format=Fruit, max_tokens=TOKENS, n=2
    )
    assert all(isinstance(choice.message.parsed, Fruit) for choice in answer.choices), answer
    assert len(answer.choices) == 2, answer


def an_unsupported_schema_is_refused(lab: Lab) -> None:
    """It names the keyword, before anything is generated."""
    schema = {"type": "object", "properties": {"a": {"$ref": "https://example.org/a"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "far", "schema": schema}}

    def ask() -> object:
        return connect(lab).chat.completions.create(model=lab.model, messages=say("Hi."), response_format=wanted)

    told = refusal(lab, ask)
    assert "$ref" in told.message, told
    assert (told.place or told.message).startswith("response_format"), told
