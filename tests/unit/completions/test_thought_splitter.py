"""Thoughts told from the answer in one text."""

from __future__ import annotations

import itertools

import pytest

from antiphon.chat import Delta, Logprob, ToolCallDelta
from antiphon.completions.thought_splitter import ThoughtSplitter

STOP = Delta(finish_reason="stop")


def split(*deltas: Delta) -> tuple[str, str]:
    """What was thought and what was said."""
    shown = ThoughtSplitter("</think>").feed([*deltas, STOP])
    assert shown[-1].finish_reason == "stop"
    return "".join(delta.reasoning for delta in shown), "".join(delta.content for delta in shown)


TEXT = "so, 1 < 2.\n</think>\n\nYes, 1 < 2."


@pytest.mark.parametrize("cuts", list(itertools.combinations(range(0, len(TEXT), 3), 2)))
def test_wherever_it_is_cut(cuts: tuple[int, int]) -> None:
    """The mark and the white space around it are neither thought nor answer."""
    first, second = cuts
    pieces = (TEXT[:first], TEXT[first:second], TEXT[second:])
    assert split(*(Delta(content=piece) for piece in pieces)) == ("so, 1 < 2.", "Yes, 1 < 2.")


def test_a_thought_may_be_all() -> None:
    """What looked like the beginning of the mark belongs to it then."""
    assert split(Delta(content="so </thi")) == ("so </thi", "")


def test_an_engine_that_tells_them_apart_is_believed() -> None:
    """The mark means nothing any more."""
    assert split(Delta(reasoning="so"), Delta(content="a</think>b")) == ("so", "a</think>b")


def test_calls_and_log_probabilities_pass() -> None:
    """A call ends the thought."""
    call = Delta(tool_calls=(ToolCallDelta(0, "c", "f"),))
    held = Delta(content="</", logprobs=(Logprob("</", -1.0),))
    splitter = ThoughtSplitter("</think>")
    assert splitter.feed([held]) == [Delta(logprobs=held.logprobs)]
    assert splitter.feed([call, Delta(content="a")]) == [call, Delta(content="a")]
    assert splitter.idle
