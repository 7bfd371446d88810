"""What is remembered of a choice."""

from __future__ import annotations

from antiphon.chat import Delta, Logprob, ToolCallDelta
from antiphon.completions.transcript import SaidCall, Transcript


def test_texts_thoughts_calls_and_log_probabilities_are_told_apart() -> None:
    """In the order in which they came."""
    said = Transcript()
    said.loose += [Delta(reasoning="H"), Delta(reasoning="m")]
    said.loose += [Delta(content="a", logprobs=(Logprob("a", -1.0),))]
    said.loose += [Delta(tool_calls=(ToolCallDelta(1, "c", "f"), ToolCallDelta(1, arguments="{"))), Delta(content="b")]
    said.loose += [Delta(tool_calls=(ToolCallDelta(1, arguments="}"),))]
    assert (said.text, said.thought, said.thoughts_count, said.logprobs_count) == ("ab", "Hm", 2, 1)
    assert said.calls == {1: SaidCall("f", "{}")}


def test_nothing_was_said() -> None:
    """All of it is empty."""
    said = Transcript()
    assert (said.text, said.thought, said.calls) == ("", "", {})


def test_folding_changes_nothing() -> None:
    """However often it is done."""
    said = Transcript()
    for number in range(9):
        said.loose += [Delta(content=f"{number},")]
        said.fold()
        assert said.loose == []
    assert said.text == "".join(f"{number}," for number in range(9))


def test_what_is_forgotten_was_not_said() -> None:
    """The same list takes what comes then."""
    said = Transcript()
    loose = said.loose
    loose += [Delta(content="a", reasoning="b", tool_calls=(ToolCallDelta(0, "c", "f"),))]
    said.forget()
    loose += [Delta(content="d")]
    assert (said.text, said.thought, said.thoughts_count, said.logprobs_count, said.calls) == ("d", "", 0, 0, {})
