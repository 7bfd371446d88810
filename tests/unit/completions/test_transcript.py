"""What is remembered of a choice."""

from __future__ import annotations

from antiphon.chat import Delta, Logprob, ToolCallDelta
from antiphon.completions.transcript import LOOSE_MAX, SaidCall, Transcript


def test_texts_thoughts_calls_and_log_probabilities_are_told_apart() -> None:
    """In the order in which they came."""
    said = Transcript()
    said.add([Delta(reasoning="H"), Delta(reasoning="m")])
    said.add([Delta(content="a", logprobs=(Logprob("a", -1.0),))])
    said.add([Delta(tool_calls=(ToolCallDelta(1, "c", "f"), ToolCallDelta(1, arguments="{"))), Delta(content="b")])
    said.add([Delta(tool_calls=(ToolCallDelta(1, arguments="}"),))])
    assert (said.text, said.thought, said.thoughts_count, said.logprobs_count) == ("ab", "Hm", 2, 1)
    assert said.calls == {1: SaidCall("f", "{}")}


def test_nothing_was_said() -> None:
    """All of it is empty."""
    said = Transcript()
    assert (said.text, said.thought, said.calls) == ("", "", {})


def test_a_long_answer_is_folded_on_the_way() -> None:
    """Few deltas are kept as they came."""
    said = Transcript()
    for i in range(4 * LOOSE_MAX):
        said.add([Delta(content=f"{i},")])
    assert len(said._loose) <= LOOSE_MAX
    assert said.text == "".join(f"{i}," for i in range(4 * LOOSE_MAX))
