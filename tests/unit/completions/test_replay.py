"""An answer that comes again: what was said is swallowed to the letter, what is new is not."""

from __future__ import annotations

import pytest

from antiphon.chat import Delta, Logprob, ToolCallDelta
from antiphon.completions.replay import Diverged, Replay
from antiphon.completions.transcript import Transcript

STOP = Delta(finish_reason="stop")


def replay_of(*deltas: Delta) -> Replay:
    """The replay of what these deltas said."""
    said = Transcript()
    said.loose += list(deltas)
    return Replay(said)


@pytest.mark.parametrize("pieces", [("Hello",), ("H", "ello"), ("Hel", "lo"), ("He", "llo")])
def test_only_the_rest_is_new(pieces: tuple[str, ...]) -> None:
    """However it is cut this time."""
    replay = replay_of(Delta(content="He"), Delta(content="l"))
    shown = replay.feed([Delta(content=piece) for piece in pieces])
    assert "".join(delta.content for delta in shown) == "lo"
    assert replay.idle
    assert replay.feed([STOP]) == [STOP]


def test_thoughts_come_first() -> None:
    """A text before all of the thought has come is another answer."""
    said = (Delta(reasoning="Hm."), Delta(content="A"))
    again = replay_of(*said).feed([Delta(reasoning="Hm"), Delta(reasoning="."), Delta(content="AB")])
    assert again == [Delta(content="B")]
    with pytest.raises(Diverged):
        replay_of(*said).feed([Delta(reasoning="Hm"), Delta(content="A")])


@pytest.mark.parametrize(
    "other", [Delta(content="Hallo"), Delta(content="J"), STOP, Delta(tool_calls=(ToolCallDelta(0),))]
)
def test_another_answer_is_none(other: Delta) -> None:
    """Also one that ends too early, or calls before it has said the text."""
    with pytest.raises(Diverged):
        replay_of(Delta(content="He")).feed([other])


def test_calls_lose_what_was_told_of_them() -> None:
    """The name and the id, and the arguments so far; the next call is whole."""
    replay = replay_of(Delta(tool_calls=(ToolCallDelta(0, "mine", "f", '{"x'),)))
    first = Delta(tool_calls=(ToolCallDelta(0, "theirs", "f"), ToolCallDelta(0, arguments='{"x": 1}')))
    second = Delta(tool_calls=(ToolCallDelta(1, "theirs", "g", "{}"),))
    assert replay.feed([first, second]) == [Delta(tool_calls=(ToolCallDelta(0, arguments='": 1}'),)), second]


@pytest.mark.parametrize(
    "piece", [ToolCallDelta(0, "c", "g"), ToolCallDelta(0, "c", "f", "["), ToolCallDelta(1, "c", "f")]
)
def test_other_calls_are_another_answer(piece: ToolCallDelta) -> None:
    """By name, by arguments, or by being another one before its turn."""
    with pytest.raises(Diverged):
        replay_of(Delta(tool_calls=(ToolCallDelta(0, "c", "f", "{"),))).feed([Delta(tool_calls=(piece,))])


def test_log_probabilities_are_told_once() -> None:
    """As many as were told are left out."""
    entries = tuple(Logprob(token, -1.0) for token in "abc")
    replay = replay_of(Delta(content="ab", logprobs=entries[:2]))
    assert replay.feed([Delta(content="abc", logprobs=entries)]) == [Delta(content="c", logprobs=entries[2:])]
