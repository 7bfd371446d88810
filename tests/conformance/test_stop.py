"""Stop texts: up to four, found wherever tokens and chunks break, and never shown."""

from __future__ import annotations

import json

import pytest

from .answers import JSON, content
from .client import Client

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def alphabet(text: str = LETTERS) -> JSON:
    """Fields that make the answer exactly `text` as a JSON string: what is stopped is known beforehand."""
    shape = {"name": "alphabet", "schema": {"const": text}}
    return {"response_format": {"type": "json_schema", "json_schema": shape}, "max_tokens": 80}


@pytest.mark.parametrize(
    ("stop", "left"),
    [
        ("m", "abcdefghijkl"),
        ("lmn", "abcdefghijk"),
        (["xyz", "qrs"], "abcdefghijklmnop"),
        (["1", "2", "3", "hijklmno"], "abcdefg"),
        (["opq", "nop", "mno", "lmnopqrstu"], "abcdefghijkl"),
        ("b", "a"),
    ],
)
def test_text_ends_before_the_stop(client: Client, stop: object, left: str) -> None:
    """Plain and streamed alike: the text before it, reason `stop`, and no letter of the stop text."""
    plain = client.ask(**alphabet(), stop=stop)
    assert content(plain).lstrip() == f'"{left}'
    assert plain["choices"][0]["finish_reason"] == "stop"
    stream = client.stream(**alphabet(), stop=stop)
    assert stream.text().lstrip() == f'"{left}'
    assert stream.finish_reasons() == ["stop"]


def test_the_first_stop_to_be_complete_counts(client: Client) -> None:
    """Of two that overlap, the one that ends earlier in the text ends it."""
    assert content(client.ask(**alphabet(), stop=["cdefgh", "de"])).lstrip() == '"abc'


def test_a_prefix_of_a_stop_is_shown_when_it_does_not_come(client: Client) -> None:
    """What was held back in doubt is delivered."""
    stream = client.stream(**alphabet("abcabcabd"), stop=["abcd", "bd!"])
    assert json.loads(stream.text()) == "abcabcabd"
    assert json.loads(content(client.ask(**alphabet("abcabcabd"), stop=["abcd", "bd!"]))) == "abcabcabd"


def test_stop_texts_may_hold_any_character(client: Client) -> None:
    """Also those of several bytes, which tokens cut in the middle."""
    plain = client.ask(**alphabet("ab 日本 🦊 cd"), stop=["🦊"])
    assert content(plain).lstrip() == '"ab 日本 '
    assert client.stream(**alphabet("ab 日本 🦊 cd"), stop=["🦊"]).text().lstrip() == '"ab 日本 '


def test_an_answer_that_starts_with_the_stop_is_empty(client: Client) -> None:
    """Empty text is an answer too."""
    bias: JSON = {"logit_bias": {"28": 100}, "max_tokens": 4}
    assert content(client.ask(**bias, stop=",")) == ""
    stream = client.stream(**bias, stop=",")
    assert stream.text() == ""
    assert stream.finish_reasons() == ["stop"]


def test_no_stop_at_all(client: Client) -> None:
    """Null and an empty list are no stop."""
    nothing: list[str] = []
    for stop in (None, nothing):
        assert json.loads(content(client.ask(**alphabet("abc"), stop=stop))) == "abc"


def test_each_choice_stops_by_itself(client: Client) -> None:
    """One stop ends one choice."""
    answer = client.ask(**alphabet(), n=2, stop="f")
    assert [content(answer, index).lstrip() for index in (0, 1)] == ['"abcde', '"abcde']
