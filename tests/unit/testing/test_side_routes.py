"""Tests of the routes that generate nothing."""

from __future__ import annotations

import pytest

from antiphon.clock import ManualClock
from antiphon.testing.connection import Request
from antiphon.testing.plan import Habits
from antiphon.testing.record import Record
from antiphon.testing.side_routes import body_of, last_user_text, told, told_of_record


def test_models_name_the_one_model() -> None:
    """The list holds the engine's model with its context length."""
    (model,) = told("models", None, Habits(model="m", context_tokens=99))["data"]
    assert (model["id"], model["max_model_len"]) == ("m", 99)


def test_tokenize_counts_text_and_messages() -> None:
    """Both engines' words for text, and messages, are counted."""
    habits = Habits()
    assert told("tokenize", {"content": "12345678"}, habits)["tokens"] == [0, 1]
    assert told("tokenize", {"prompt": "12345678"}, habits)["count"] == 2
    assert told("tokenize", {"messages": [{"role": "user", "content": "1234"}]}, habits)["count"] == 5


def test_record_is_told() -> None:
    """What another process sees of a request: its body, tokens and end."""
    record = Record(ManualClock())
    exchange = record.begin(Request("POST", "/", {}, b"", True, 1), path="/", body={"a": 1})
    seen = told_of_record(record, [exchange])
    assert (seen["in_flight"], seen["requests"][0]["body"], seen["requests"][0]["ended"]) == (1, {"a": 1}, False)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 100_000])
def test_a_body_that_cannot_be_read_is_none(body: bytes) -> None:
    """However it fails, also by its depth."""
    assert body_of(Request("POST", "/", {}, body, True, 1)) is None


def test_markers_are_looked_for_in_the_last_user_message() -> None:
    """Assistant turns and earlier users do not order faults; odd bodies order nothing."""
    said = (("user", "a"), ("user", "b"), ("assistant", "c"))
    messages = [{"role": role, "content": content} for role, content in said]
    assert last_user_text({"messages": messages}) == "b"
    odd: tuple[object, ...] = (None, [], {"messages": 1}, {"messages": []})
    assert [last_user_text(body) for body in odd] == [""] * 4


def test_any_other_body_is_read() -> None:
    """Not only objects."""
    assert body_of(Request("POST", "/", {}, b"[1]", True, 1)) == [1]
