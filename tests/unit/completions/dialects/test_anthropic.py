"""Messages as they are shown: blocks, counts, and the order of events."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from antiphon.chat import Choice, Completion, Delta, FinishReason, ToolCall, ToolCallDelta, Usage
from antiphon.completions.dialects import Head, anthropic
from tests.unit.completions.dialects.documented_responses import events

HEAD = Head("msg_1", 5, "m", completion_ids=("c-1",))
USAGE = Usage(9, 4, cached_tokens=2)


def shown(choice: Choice, head: Head = HEAD, usage: Usage = USAGE) -> dict[str, Any]:  # Any: the wire
    """The plain answer."""
    return msgspec.json.decode(anthropic.render(Completion((choice,), usage), head), type=dict[str, Any])


def streamed(*deltas: Delta) -> list[dict[str, Any]]:
    """All events of an answer."""
    stream = anthropic.stream(HEAD)
    return events(b"".join([*map(stream.delta, deltas), stream.end(USAGE, None)]))


def test_a_whole_answer() -> None:
    """A thought, a text and calls are blocks in this order; arguments are objects."""
    calls = (ToolCall("c1", "f", '{"a": 1}'), ToolCall("c2", "g", '{"a": '), ToolCall("c3", "h", "[]"))
    told = shown(Choice(0, "Yes.", "Hm.", calls, finish_reason="tool_calls"))
    assert [block["type"] for block in told["content"]] == ["thinking", "text", "tool_use", "tool_use", "tool_use"]
    assert [block["input"] for block in told["content"][2:]] == [{"a": 1}, {}, {}]
    assert told["completion_id"] == "c-1"


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("stop", "end_turn"), ("length", "max_tokens"), ("tool_calls", "tool_use"), ("content_filter", "refusal")],
)
def test_why_it_stopped(finish: FinishReason, reason: str) -> None:
    """In the vendor's words, plain and streamed; an empty answer has no block."""
    told = shown(Choice(0, "", finish_reason=finish))
    assert (told["stop_reason"], told["content"]) == (reason, [])
    begun, last, end = streamed(Delta(finish_reason=finish))
    assert (begun["message"]["stop_reason"], last["delta"]["stop_reason"]) == (None, reason)
    assert end == {"type": "message_stop"}


def test_the_stop_text_is_told() -> None:
    """Where an engine tells it; calls and limits come first."""
    told = shown(Choice(0, "a", stop="END"))
    assert (told["stop_reason"], told["stop_sequence"]) == ("stop_sequence", "END")
    last = streamed(Delta(content="a"), Delta(finish_reason="stop", stop="END"))[-2]["delta"]
    assert last == {"stop_reason": "stop_sequence", "stop_sequence": "END"}
    assert shown(Choice(0, "a", finish_reason="tool_calls", stop="END"))["stop_reason"] == "tool_use"


def test_counts() -> None:
    """What was at hand of the prompt is told by itself; what it cost is told but for exact."""
    told = shown(Choice(0, "a"), usage=replace(USAGE, cost=1_500_000))["usage"]
    assert told == {
        "input_tokens": 7, "output_tokens": 4, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 0,
        "cost": 1.5,
    }  # fmt: skip
    bare = shown(Choice(0, "a"), replace(HEAD, exact=True), replace(USAGE, cost=1))
    assert "cost" not in bare["usage"]
    assert "completion_id" not in bare
    assert shown(Choice(0, "a"), usage=Usage(1, 1, 5))["usage"]["input_tokens"] == 0


def test_the_order_of_events() -> None:
    """Blocks begin, grow and stop one behind the other; the counts come last."""
    told = streamed(
        Delta(reasoning="Hm."),
        Delta(content="Ye"),
        Delta(content="s."),
        Delta(tool_calls=(ToolCallDelta(0, "c1", "f"),)),
        Delta(tool_calls=(ToolCallDelta(0, arguments="{}"), ToolCallDelta(1, "c2", "g", "{"))),
        Delta(tool_calls=(ToolCallDelta(1, arguments="}"),)),
        Delta(finish_reason="tool_calls"),
    )
    assert [(one["type"], one.get("index")) for one in told] == [
        ("message_start", None),
        ("content_block_start", 0), ("ping", None), ("content_block_delta", 0), ("content_block_stop", 0),
        ("content_block_start", 1), ("content_block_delta", 1), ("content_block_delta", 1), ("content_block_stop", 1),
        ("content_block_start", 2), ("content_block_delta", 2), ("content_block_stop", 2),
        ("content_block_start", 3), ("content_block_delta", 3), ("content_block_delta", 3), ("content_block_stop", 3),
        ("message_delta", None), ("message_stop", None),
    ]  # fmt: skip
    assert told[-2]["usage"] == {
        "input_tokens": 7, "output_tokens": 4, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 0,
    }  # fmt: skip


def test_pieces_are_json() -> None:
    """Whatever they hold."""
    _, _, _, piece, *_ = streamed(Delta(content='%d "\n☃'))
    assert piece["delta"] == {"type": "text_delta", "text": '%d "\n☃'}
