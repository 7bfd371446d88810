"""Deltas add up to a choice."""

from __future__ import annotations

import pytest

from antiphon.chat import Choice, Delta, FinishReason, Logprob, ToolCall, ToolCallDelta
from antiphon.completions.collect import Collector


def collected(*deltas: Delta, logprobs: bool = False) -> Choice:
    """The choice that the deltas add up to."""
    collector = Collector(2, logprobs=logprobs)
    for delta in deltas:
        collector.add(delta)
    return collector.choice()


def test_text_and_thinking_are_joined_apart() -> None:
    """Content, reasoning and the finish reason come from all deltas."""
    choice = collected(
        Delta(reasoning="h"), Delta(reasoning="m"), Delta(content="a"), Delta(content="b", finish_reason="length")
    )
    assert choice == Choice(index=2, content="ab", reasoning="hm", finish_reason="length")


def test_no_deltas_are_an_empty_text() -> None:
    """Content is never None without tool calls."""
    assert collected() == Choice(index=2, content="")


@pytest.mark.parametrize(
    ("told", "shown"), [("stop", "tool_calls"), ("tool_calls", "tool_calls"), ("length", "length")]
)
def test_interleaved_calls_are_put_together(told: FinishReason, shown: FinishReason) -> None:
    """Pieces go to the call of their index; a stop with calls is shown as `tool_calls`."""
    choice = collected(
        Delta(tool_calls=(ToolCallDelta(0, "a", "f", "{"), ToolCallDelta(1, "b", "g"))),
        Delta(tool_calls=(ToolCallDelta(1, arguments="[]"), ToolCallDelta(0, arguments="}"))),
        Delta(finish_reason=told),
    )
    assert choice.tool_calls == (ToolCall("a", "f", "{}"), ToolCall("b", "g", "[]"))
    assert (choice.content, choice.finish_reason) == (None, shown)


def test_text_beside_calls_is_kept() -> None:
    """Content is None only where nothing was said."""
    assert collected(Delta(content="So:"), Delta(tool_calls=(ToolCallDelta(0, "a", "f"),))).content == "So:"


def test_logprobs_are_kept_where_they_were_asked_for() -> None:
    """None stands for not asked, an empty tuple for none came."""
    entry = Logprob("a", -1)
    assert collected(Delta(logprobs=(entry,)), logprobs=True).logprobs == (entry,)
    assert collected(logprobs=True).logprobs == ()
    assert collected(Delta(logprobs=(entry,))).logprobs is None


def test_the_stop_text_is_kept() -> None:
    """As the last delta tells it."""
    assert collected(Delta(content="a"), Delta(finish_reason="stop", stop="END")).stop == "END"
