"""Log-probabilities: one entry a token, in plain answers and in streams, with the candidates that were asked for."""

from __future__ import annotations

import math

import pytest

from .answers import JSON, content
from .client import Client

QUESTION = "What is the capital of France?"
GREEDY = {"temperature": 0, "max_tokens": 6, "logit_bias": {"2": -100}}


def entries(answer: JSON) -> list[JSON]:
    """The token entries of a plain answer."""
    found: list[JSON] = answer["choices"][0]["logprobs"]["content"]
    return found


def test_there_is_one_entry_a_token(client: Client) -> None:
    """The tokens put together are the text, byte for byte."""
    answer = client.ask(QUESTION, **GREEDY, logprobs=True)
    found = entries(answer)
    assert len(found) == answer["usage"]["completion_tokens"] == 6
    assert "".join(entry["token"] for entry in found) == content(answer)
    assert b"".join(bytes(entry["bytes"]) for entry in found) == content(answer).encode()
    assert all(entry["logprob"] <= 0 and entry["top_logprobs"] == [] for entry in found)


@pytest.mark.parametrize("count", [0, 1, 2, 20])
def test_as_many_candidates_as_asked_for(client: Client, count: int) -> None:
    """Sorted from the likeliest, of which the greedy token is the first."""
    for entry in entries(client.ask(QUESTION, **GREEDY, logprobs=True, top_logprobs=count)):
        candidates = entry["top_logprobs"]
        assert len(candidates) == count
        assert [c["logprob"] for c in candidates] == sorted((c["logprob"] for c in candidates), reverse=True)
        assert all(set(candidate) == {"token", "logprob", "bytes"} for candidate in candidates)
        if count:
            assert candidates[0]["token"] == entry["token"]
            assert math.isclose(candidates[0]["logprob"], entry["logprob"], abs_tol=1e-4)


def test_they_are_natural_logarithms_of_probabilities(client: Client) -> None:
    """Twenty candidates of one place never have more than all of the probability, and most of it."""
    (first, *_) = entries(client.ask(QUESTION, **GREEDY, logprobs=True, top_logprobs=20))
    total = sum(math.exp(candidate["logprob"]) for candidate in first["top_logprobs"])
    assert 0.3 < total <= 1.0001


def test_a_stream_has_the_same_entries(client: Client) -> None:
    """Nothing is lost or said twice when it comes in pieces."""
    plain = entries(client.ask(QUESTION, **GREEDY, logprobs=True, top_logprobs=2))
    stream = client.stream(QUESTION, **GREEDY, logprobs=True, top_logprobs=2)
    assert [entry["token"] for entry in stream.logprobs()] == [entry["token"] for entry in plain]
    assert all(len(entry["top_logprobs"]) == 2 for entry in stream.logprobs())
    assert "".join(entry["token"] for entry in stream.logprobs()) == stream.text()


def test_without_logprobs_there_are_none(client: Client) -> None:
    """False and null both mean null in the answer."""
    for off in (False, None):
        assert client.ask(QUESTION, max_tokens=1, logprobs=off)["choices"][0]["logprobs"] is None
    assert client.stream(QUESTION, max_tokens=2, logprobs=False).logprobs() == []
    assert client.ask(QUESTION, max_tokens=1, logprobs=False, top_logprobs=0)["choices"][0]["logprobs"] is None


def test_the_end_of_the_text_is_no_entry(client: Client) -> None:
    """Whether an engine counts its end token is its own affair: entries are about the text."""
    shape = {"type": "json_schema", "json_schema": {"name": "yes", "schema": {"enum": ["yes"]}}}
    answer = client.ask("Yes?", response_format=shape, logprobs=True, max_tokens=20)
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert "".join(entry["token"] for entry in entries(answer)) == content(answer)


def test_entries_end_where_the_stop_begins(client: Client) -> None:
    """What is cut off the text is cut off here too: no entry begins at or after the stop."""
    shape = {"type": "json_schema", "json_schema": {"name": "abc", "schema": {"const": "one two three four"}}}
    answer = client.ask("Count.", response_format=shape, logprobs=True, max_tokens=40, stop=" three")
    told = "".join(entry["token"] for entry in entries(answer))
    assert content(answer).strip() == '"one two'
    assert told.startswith(content(answer))
    assert "three" not in told


def test_a_torn_character_keeps_its_bytes(client: Client) -> None:
    """A fox takes several tokens, and the bytes of all of them are the fox."""
    shape = {"type": "json_schema", "json_schema": {"name": "fox", "schema": {"const": "🦊"}}}
    answer = client.ask("A fox.", response_format=shape, logprobs=True, max_tokens=40)
    told = b"".join(bytes(entry["bytes"] or []) for entry in entries(answer))
    assert told == content(answer).encode()
