"""Deltas end before a stop text: what may begin one is held back, what did not become one is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon.chat import Delta, FinishReason, Logprob, ToolCallDelta
from antiphon.engines.stop_cutter import StopCutter, within
from tests.unit.engines.test_stop_matcher import STOPS, TEXTS, pieces_of, place

CALL = Delta(tool_calls=(ToolCallDelta(0, arguments="END"),))
STOP = Delta(finish_reason="stop", stop="END")
LENGTH = Delta(finish_reason="length")


def said(*texts: str) -> list[Delta]:
    """Deltas that say these."""
    return [Delta(content=text) for text in texts]


def thought(*texts: str) -> list[Delta]:
    """Deltas that think these."""
    return [Delta(reasoning=text) for text in texts]


def cut(deltas: list[Delta], *stops: str) -> list[Delta]:
    """What a cutter shows of them."""
    cutter = StopCutter(stops)
    shown: list[Delta] = []
    for delta in deltas:
        if not cutter.cut:
            shown += cutter.feed(delta)
    return shown


@given(TEXTS, STOPS, st.data())
def test_the_text_is_that_before_the_first_stop_text(text: str, stops: tuple[str, ...], data: st.DataObject) -> None:
    """And all of it, up to the last letter, where none comes; the reason says which it was."""
    shown = cut([*said(*filter(None, pieces_of(text, data))), LENGTH], *stops)
    at = place(text, stops)
    assert "".join(delta.content for delta in shown) == text[:at]
    assert [delta.finish_reason for delta in shown if delta.finish_reason] == ["length" if at is None else "stop"]
    assert replace(shown[-1], stop=None) == (LENGTH if at is None else Delta(finish_reason="stop"))
    assert shown[-1].stop is None or (shown[-1].stop in stops and text[at:].startswith(shown[-1].stop))


def test_deltas_are_held_back_whole_and_shown_as_they_were() -> None:
    """Each is one token, and keeps to be one."""
    cutter = StopCutter(("bcd",))
    assert cutter.feed(Delta(content="a")) == said("a")
    assert cutter.feed(Delta(content="ab")) == []
    assert cutter.feed(Delta(content="c")) == []
    assert cutter.feed(Delta(content="x")) == said("ab", "c", "x")


def test_what_is_held_back_at_the_end_is_shown() -> None:
    """Whatever ended the text."""
    reasons: tuple[FinishReason, ...] = ("stop", "length", "content_filter")
    for reason in reasons:
        end = Delta(content="b", finish_reason=reason)
        assert cut([*said("a", "b"), end], "abc") == [*said("a", "b"), end]


def test_a_stop_text_ends_a_thought_too() -> None:
    """Of the answer nothing comes then."""
    assert cut([*thought("Well. EN", "D"), *said("No.")], "END") == [*thought("Well. "), STOP]


def test_a_stop_text_lies_within_a_thought_or_an_answer() -> None:
    """The end of one and the beginning of the other make none; both in one delta are told apart."""
    assert cut([*thought("E"), *said("N", "D"), LENGTH], "END") == [*thought("E"), *said("N", "D"), LENGTH]
    both = Delta(content="D!", reasoning="EN", finish_reason="stop")
    assert cut([both], "END") == [*thought("EN"), Delta(content="D!", finish_reason="stop")]
    assert cut([both], "N") == [*thought("E"), replace(STOP, stop="N")]
    assert cut([both], "!") == [*thought("EN"), *said("D"), replace(STOP, stop="!")]


def test_a_call_is_not_looked_into_and_parts_texts() -> None:
    """Its arguments are for a program, and what stood before it is shown before it."""
    assert cut([*said("E"), CALL, *said("ND"), LENGTH], "END") == [*said("E"), CALL, *said("ND"), LENGTH]


def test_an_end_with_the_last_text_of_a_stop_text_is_a_stop() -> None:
    """Though the engine says that it ended for length."""
    assert cut([Delta(content="aEND", finish_reason="length")], "END") == [*said("a"), STOP]


def test_entries_go_with_their_text() -> None:
    """Held back with it, and cut where it is: a token that is not shown as a whole is not listed."""
    entries = [Logprob(token, -0.5) for token in ("a", "bE", "ND")]
    deltas = [Delta(content=entry.token, logprobs=(entry,)) for entry in entries]
    assert cut(deltas, "END") == [deltas[0], *said("b"), STOP]
    alone = Delta(logprobs=(entries[0],))
    assert cut([*said("E"), alone, *said("x")], "END") == [*said("E"), alone, *said("x")]


def test_entries_within_a_text_are_measured_in_bytes() -> None:
    """The replacement character in `token` says nothing of its size."""
    halves = (Logprob("\ufffd", -1, bytes=[0xC3]), Logprob("\ufffd", -1, bytes=[0xA9]), Logprob("ab", -1))
    assert within(halves, "é") == halves[:2]
    assert within(halves, "éa") == halves[:2]
    assert within(halves, "éab") == halves
    assert within(halves, "") == ()
