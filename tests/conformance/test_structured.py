"""Structured output: text that finishes is valid by its schema, on every engine, plain and streamed."""

from __future__ import annotations

import json

import pytest

from .answers import JSON, content
from .client import Client
from .schemas import BOUND, PERSON, TREE, shape, valid

ASK = "Make one up."


@pytest.mark.parametrize("name", sorted(BOUND))
def test_a_finished_answer_is_valid(client: Client, name: str) -> None:
    """Hot on purpose: it is the grammar that holds, not the model's sense."""
    answer = client.ask(ASK, response_format=shape(BOUND[name]), max_tokens=160, temperature=1.3, seed=5)
    assert answer["choices"][0]["finish_reason"] == "stop", content(answer)
    assert valid(BOUND[name], content(answer)), content(answer)


@pytest.mark.parametrize("name", ["flat", "nested", "pattern"])
def test_a_finished_stream_is_valid(client: Client, name: str) -> None:
    """The pieces put together are the document."""
    stream = client.stream(ASK, response_format=shape(BOUND[name]), max_tokens=160, temperature=1)
    assert stream.finish_reasons() == ["stop"]
    assert valid(BOUND[name], stream.text()), stream.text()
    assert len([piece for piece in stream.of(0) if piece["delta"].get("content")]) > 3


def test_recursion_is_kept(client: Client) -> None:
    """A list of unknown length is valid when it ends, and is cut honestly when it does not."""
    answer = client.ask("A short list.", response_format=shape(TREE), max_tokens=120, temperature=0.2)
    if answer["choices"][0]["finish_reason"] == "stop":
        assert valid(TREE, content(answer))
    else:
        assert answer["choices"][0]["finish_reason"] == "length"
        assert content(answer).lstrip().startswith("{")


def test_a_cut_document_says_length(client: Client) -> None:
    """Broken JSON is no error: the reason tells it."""
    answer = client.ask(ASK, response_format=shape(BOUND["nested"]), max_tokens=4)
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 4


@pytest.mark.parametrize("strict", [True, False, None])
def test_strict_changes_nothing(client: Client, strict: bool | None) -> None:
    """The schema holds either way; some clients leave it out."""
    answer = client.ask(ASK, response_format=shape(PERSON, strict=strict, description="A person."), max_tokens=80)
    assert valid(PERSON, content(answer))


def test_json_object_is_any_object(client: Client) -> None:
    """Without a schema it is an object all the same."""
    answer = client.ask(
        "A person as JSON, one field.", response_format={"type": "json_object"}, max_tokens=250, stop=None
    )
    if answer["choices"][0]["finish_reason"] == "stop":
        assert isinstance(json.loads(content(answer)), dict)
    assert content(answer).lstrip().startswith("{")


def test_text_is_the_default(client: Client) -> None:
    """The type `text` binds nothing."""
    asked = [client.ask("Say hi.", temperature=0, response_format=f) for f in ({"type": "text"}, None)]
    assert content(asked[0]) == content(asked[1])


@pytest.mark.parametrize(
    ("schema", "keyword"),
    [
        ({"$ref": "https://example.org/schema.json"}, "$ref"),
        ({"$ref": "#/$defs/missing"}, "$ref"),
        ({"type": "objekt"}, "type"),
        ({"type": "string", "pattern": "("}, "pattern"),
        ({"type": "string", "pattern": 5}, "pattern"),
        ({"type": "string", "pattern": "(?=a)b"}, "pattern"),
        ({"type": "integer", "minimum": "1"}, "minimum"),
        ({"type": "string", "minLength": -1}, "minLength"),
        ({"type": "object", "properties": {"a": {"type": "array", "items": 5}}}, "items"),
        ({"enum": []}, "enum"),
        ({"enum": "red"}, "enum"),
        ({"type": "string", "minLength": 10**9}, "minLength"),
    ],
)
def test_a_schema_that_cannot_be_kept_is_refused(client: Client, schema: JSON, keyword: str) -> None:
    """The refusal names the keyword; no engine is asked, so all refuse the same."""
    refusal = client.refuse(ASK, response_format=shape(schema))
    assert keyword in refusal.message
    assert refusal.param is not None
    assert refusal.param.startswith("response_format.json_schema.schema")


def test_a_schema_too_deep_is_refused(client: Client) -> None:
    """Nesting has a limit, and reaching it is an answer, not a crash."""
    deep: JSON = {"type": "string"}
    for _ in range(500):
        deep = {"type": "array", "items": deep}
    assert client.refuse(ASK, response_format=shape(deep)).type == "invalid_request_error"


def test_a_schema_that_nothing_satisfies_is_refused(client: Client) -> None:
    """There would be no text to generate."""
    assert client.refuse(ASK, response_format=shape(False)).param is not None


def test_structure_and_several_turns(client: Client) -> None:
    """Earlier turns do not loosen it."""
    messages = [
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Hello, what can I do?"},
        {"role": "user", "content": "Invent a person."},
    ]
    answer = client.ask(messages=messages, response_format=shape(PERSON), max_tokens=80)
    assert valid(PERSON, content(answer))
