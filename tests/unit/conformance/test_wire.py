"""Answers and streams as checks read them."""

from __future__ import annotations

import pytest

from antiphon.conformance.verdict import Failed
from antiphon.conformance.wire import Answer, Call, Choice, Chunk, Entry, Function, Logprobs, Message, Piece, Streamed


def stream(*pieces: Piece) -> Streamed:
    """A stream with one piece in each event."""
    return Streamed({}, tuple(Chunk([piece]) for piece in pieces), done=True)


def calling(index: int, name: str | None = None, arguments: str = "", call_id: str | None = None) -> Piece:
    """A piece of a call."""
    return Piece(Message(tool_calls=[Call(Function(name, arguments), index, call_id, "function")]))


def test_what_is_missing_is_a_failure() -> None:
    """Neither a choice nor a usage can be made up."""
    with pytest.raises(Failed, match="0 choices"):
        _ = Answer([]).first
    with pytest.raises(Failed, match="no usage"):
        _ = Answer([]).spent


def test_a_choice_without_anything_says_nothing() -> None:
    """Null content is no text, and nothing was called."""
    choice = Choice(Message())
    assert (choice.text, choice.calls, choice.entries, choice.message.thought) == ("", [], [], "")


def test_thoughts_have_two_names() -> None:
    """Either is read."""
    assert Message(reasoning_content="a").thought == "a"
    assert Message(reasoning="b").thought == "b"


def test_pieces_belong_to_their_choice() -> None:
    """Text, reasons and tokens of one index only."""
    found = stream(
        Piece(Message(content="a"), index=0, logprobs=Logprobs([Entry("a", -1)])),
        Piece(Message(content="x"), index=1),
        Piece(text="b", index=0, finish_reason="stop"),
    )
    assert (found.text(), found.text(1)) == ("ab", "x")
    assert (found.reasons(), found.reasons(1)) == (["stop"], [])
    assert [entry.token for entry in found.entries()] == ["a"]


def test_calls_are_put_together() -> None:
    """By their index, name and id from the first piece."""
    found = stream(calling(0, "look", '{"a', "1"), calling(0, arguments='": 1}'), calling(1, "go", "{}", "2"))
    assert [(call.id, call.function.name, call.function.arguments) for call in found.calls()] == [
        ("1", "look", '{"a": 1}'),
        ("2", "go", "{}"),
    ]


def test_a_piece_out_of_turn_fails() -> None:
    """A call that has ended gets nothing more."""
    with pytest.raises(Failed, match="call 0 came out of turn"):
        stream(calling(0, "look"), calling(1, "go"), calling(0, arguments="}")).calls()
