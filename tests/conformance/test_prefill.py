"""A closing assistant message is continued: the answer holds only what comes after it, plain and streamed alike."""

from __future__ import annotations

import json

import pytest

from .answers import JSON, content
from .client import Client

QUESTION: JSON = {"role": "user", "content": "What are foxes?"}


def begun(text: object) -> list[JSON]:
    """A conversation whose answer has begun with `text`."""
    return [QUESTION, {"role": "assistant", "content": text}]


def test_the_answer_goes_on_where_it_was(client: Client) -> None:
    """Cut anywhere between two words, a greedy answer goes on with the same words."""
    whole = content(client.ask(messages=[QUESTION], temperature=0, max_tokens=16))
    words = whole.split(" ")
    start = " ".join(words[:3])
    rest = content(client.ask(messages=begun(start), temperature=0, max_tokens=8))
    assert whole.startswith(start + rest[: len(whole) - len(start)])
    assert rest.startswith(" ")


def test_the_beginning_is_not_repeated(client: Client) -> None:
    """Neither the plain nor the streamed answer holds what the caller already has."""
    fields: JSON = {"messages": begun("Foxes are small"), "temperature": 0, "max_tokens": 8}
    plain = content(client.ask(**fields))
    assert plain
    assert not plain.lstrip().startswith("Foxes")
    assert client.stream(**fields).text() == plain


def test_usage_counts_the_beginning_as_prompt(client: Client) -> None:
    """A closed turn would take more tokens, and a repeated beginning would be completion tokens."""
    short = client.ask(messages=begun("Foxes"), max_tokens=3, logit_bias={"2": -100})["usage"]
    long = client.ask(messages=begun("Foxes" + " are" * 10), max_tokens=3, logit_bias={"2": -100})["usage"]
    assert long["prompt_tokens"] - short["prompt_tokens"] == 10
    assert short["completion_tokens"] == long["completion_tokens"] == 3


def test_parts_can_be_continued_too(client: Client) -> None:
    """Text parts are the text that they make."""
    parts = [{"type": "text", "text": "Foxes"}, {"type": "text", "text": " are small"}]
    listed = content(client.ask(messages=begun(parts), temperature=0, max_tokens=6))
    assert listed == content(client.ask(messages=begun("Foxes are small"), temperature=0, max_tokens=6))


def test_every_choice_is_continued(client: Client) -> None:
    """None begins anew; what they say may differ though it is greedy, since engines compute them in other batches."""
    answer = client.ask(messages=begun("Foxes are"), n=2, temperature=0, max_tokens=6)
    for index in range(2):
        assert content(answer, index).startswith(" ")
        assert "Foxes are" not in content(answer, index)


def test_an_empty_beginning_is_none(client: Client) -> None:
    """An answer that has not begun begins."""
    empty = content(client.ask(messages=begun(""), temperature=0, max_tokens=6))
    assert empty == content(client.ask(messages=[QUESTION], temperature=0, max_tokens=6))


def test_logprobs_are_about_the_continuation(client: Client) -> None:
    """As many entries as new tokens."""
    answer = client.ask(messages=begun("Foxes are"), logprobs=True, max_tokens=3, logit_bias={"2": -100})
    entries = answer["choices"][0]["logprobs"]["content"]
    assert "".join(entry["token"] for entry in entries) == content(answer)
    assert len(entries) == 3


def test_a_stop_text_in_the_beginning_does_not_count(client: Client) -> None:
    """What was said before is not searched."""
    answer = client.ask(messages=begun("Foxes are"), stop="Foxes are", temperature=0, max_tokens=5)
    assert content(answer)


def test_two_assistant_turns_are_allowed(client: Client) -> None:
    """The second one is continued."""
    messages = [QUESTION, {"role": "assistant", "content": "Well."}, {"role": "assistant", "content": "Foxes are"}]
    assert content(client.ask(messages=messages, temperature=0, max_tokens=4)).startswith(" ")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("start", ['{"name": "Zo', "{", '{"name": "Zoe", "age": 3'])
def test_structure_is_continued_inside(client: Client, start: str, stream: bool) -> None:
    """A begun document is completed, not begun anew: both parts together are valid."""
    properties = {"name": {"type": "string", "maxLength": 8}, "age": {"type": "integer", "maximum": 999}}
    schema = {"type": "object", "properties": properties, "required": ["name", "age"], "additionalProperties": False}
    shape = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    fields: JSON = {"messages": begun(start), "response_format": shape, "max_tokens": 60}
    rest = client.stream(**fields).text() if stream else content(client.ask(**fields))
    person = json.loads(start + rest)
    assert set(person) == {"name", "age"}
    assert isinstance(person["age"], int)
