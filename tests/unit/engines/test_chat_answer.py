"""An engine's chunks and answers become neutral words; what is broken is the engine's failure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.chat import Choice, Delta, Logprob, TokenLogprob, ToolCall, ToolCallDelta, Usage
from antiphon.engines import chat_answer
from antiphon.errors import EngineFailed

WireObject = dict[str, Any]  # Any: a body of the wire, any JSON


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"choices": []}, None),
        ({"choices": [{"delta": {"role": "assistant", "content": ""}}]}, None),
        ({"choices": [{"delta": {"content": "a"}, "finish_reason": None}]}, Delta(content="a")),
        ({"choices": [{"delta": {"reasoning_content": "r"}}]}, Delta(reasoning="r")),
        ({"choices": [{"delta": {"reasoning": "r"}}]}, Delta(reasoning="r")),
        ({"choices": [{"delta": {}, "finish_reason": "function_call"}]}, Delta(finish_reason="tool_calls")),
        ({"choices": [{"delta": {}, "finish_reason": "new_word"}]}, Delta(finish_reason="stop")),
        ({"choices": [{"index": 7, "delta": {"content": "a"}}]}, Delta(content="a")),
        (
            {"choices": [{"delta": {}, "finish_reason": "stop", "stop_reason": "END"}]},
            Delta(finish_reason="stop", stop="END"),
        ),
        ({"choices": [{"delta": {}, "finish_reason": "stop", "stop_reason": 7}]}, Delta(finish_reason="stop")),
        ({"choices": [{"delta": {}, "finish_reason": "length", "stop_reason": "a"}]}, Delta(finish_reason="length")),
        (
            {"choices": [{"delta": {"tool_calls": [{"index": 1, "id": "c", "function": {"name": "f"}}]}}]},
            Delta(tool_calls=(ToolCallDelta(1, "c", "f", ""),)),
        ),
        (
            {
                "choices": [
                    {
                        "delta": {"content": "a"},
                        "logprobs": {"content": [{"token": "a", "logprob": -1.0}, {"token": "", "logprob": -2.0}]},
                    }
                ]
            },
            Delta(content="a", logprobs=(Logprob("a", -1.0),)),
        ),
        (
            {
                "choices": [
                    {
                        "delta": {},
                        "finish_reason": "stop",
                        "logprobs": {"content": [{"token": "</s>", "logprob": -1.0}]},
                    }
                ]
            },
            Delta(finish_reason="stop"),
        ),
    ],
)
def test_a_chunk_becomes_a_delta(payload: WireObject, expected: Delta | None) -> None:
    """None where a chunk holds nothing."""
    assert chat_answer.decode(json.dumps(payload).encode()) == (expected, None)


BROKEN = [
    b"",
    b"<html>",
    b"[]",
    b"\xff",
    b'{"choices": [{"delta": {"content": "\xff"}}]}',
    b'{"choices": 5}',
    b'{"choices": ' + b"[" * 5000,
    b'{"error": {"message": "died"}, "choices": []}',
    b'{"error": "died"}',
    b'{"choices": [{}]}',
]


@pytest.mark.parametrize("payload", BROKEN)
def test_broken_answers_are_the_engines_failure(payload: bytes) -> None:
    """Neither a chunk nor a whole answer; nothing of it reaches the caller."""
    with pytest.raises(EngineFailed) as caught:
        chat_answer.decode(payload)
    assert "died" not in str(caught.value)
    with pytest.raises(EngineFailed):
        chat_answer.decode_whole(payload)


def whole(message: WireObject, **more: Any) -> tuple[Choice, Usage]:  # Any: any field of the wire
    """A plain answer that holds this message."""
    answer = {"choices": [{"message": message, "finish_reason": "stop"} | more]}
    return chat_answer.decode_whole(json.dumps(answer).encode())


def test_a_whole_answer_becomes_a_choice() -> None:
    """Text, thinking, logprobs and the reason to end."""
    logprobs = {"content": [{"token": "a", "logprob": -1.0, "bytes": [97]}]}
    choice, usage = whole({"content": "a", "reasoning_content": "r"}, logprobs=logprobs, finish_reason="length")
    expected = Choice(content="a", reasoning="r", logprobs=(Logprob("a", -1.0, [97]),), finish_reason="length")
    assert (choice, usage) == (expected, Usage())


def test_the_stop_text_of_a_whole_answer() -> None:
    """Where the engine tells it; it is not why an answer with calls ends."""
    choice: WireObject = {"message": {"content": "a"}, "finish_reason": "stop", "stop_reason": "END"}
    assert chat_answer.decode_whole(json.dumps({"choices": [choice]}).encode())[0].stop == "END"
    choice["message"] = {"tool_calls": [{"id": "c", "function": {"name": "f"}}]}
    assert chat_answer.decode_whole(json.dumps({"choices": [choice]}).encode())[0].stop is None


def test_calls_are_why_an_answer_with_calls_ends() -> None:
    """Some engines say `stop`; a length that was reached stays one."""
    message = {"content": None, "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": ""}}]}
    choice, _ = whole(message)
    assert choice == Choice(tool_calls=(ToolCall("c", "f", "{}"),), finish_reason="tool_calls")
    assert whole(message, finish_reason="length")[0].finish_reason == "length"


def test_a_whole_answer_must_have_ended() -> None:
    """Without a finish_reason it is no success."""
    with pytest.raises(EngineFailed, match="no finish_reason"):
        whole({"content": "a"}, finish_reason=None)


def test_no_more_alternatives_than_were_asked_for() -> None:
    """The likeliest remain; a delta that has no more is left as it is."""
    likely = [TokenLogprob("a", -1.0), TokenLogprob("b", -2.0)]
    delta = Delta(content="a", logprobs=(Logprob("a", -1.0, None, likely),))
    assert chat_answer.trimmed(delta, 2) is delta
    assert chat_answer.trimmed(delta, 1).logprobs[0].top_logprobs == likely[:1]
    assert chat_answer.trimmed(delta, 0) == Delta(content="a", logprobs=(Logprob("a", -1.0),))
