"""Stored turns as lines for a terminal."""

from __future__ import annotations

import pytest

from antiphon.cli.stored import Turn, answer_line, moment, plain, transcript

CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}


def test_turns_are_told_under_their_roles() -> None:
    """Lines stay lines; images are words, calls arrows."""
    turns: list[Turn] = [
        {"role": "user", "content": [{"type": "text", "text": "a\nb"}, {"type": "image_url", "image_url": {}}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
    ]
    assert list(transcript(turns)) == ["[user]", "a", "b", "[image]", "", "[assistant]", "", '-> f({"a":1})', ""]


@pytest.mark.parametrize(
    ("turn", "line"),
    [
        ({"content": "a\n  b"}, "a b"),
        ({"content": "a" * 100}, "a" * 59 + "…"),
        ({"content": None, "tool_calls": [CALL, CALL]}, "f(...) f(...)"),
        ({"content": ""}, ""),
    ],
)
def test_an_answer_on_one_line(turn: dict[str, object], line: str) -> None:
    """Its beginning, or the tools that it calls."""
    assert answer_line(turn) == line


def test_a_stranger_moves_no_cursor() -> None:
    """Control characters are shown as question marks."""
    assert plain("a\x1b[31m\rb\t\u202e") == "a?[31m?b??"


def test_a_time_for_people() -> None:
    """UTC, to the second."""
    assert moment(1_700_000_000_999) == "2023-11-14 22:13:20"
