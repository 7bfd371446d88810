"""Responses as they are shown: what was asked for, items, and the order of events."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from antiphon.chat import Choice, Completion, Delta, Logprob, ToolCall, ToolCallDelta, Usage
from antiphon.completions.dialects import Echo, FailingStream, Head, responses
from antiphon.completions.dialects.openai_responses.stream import ResponseStream
from antiphon.errors import EngineFailed, RateLimited
from antiphon.interactions.model import Parameters
from tests.unit.completions.dialects.documented_responses import events

HEAD = Head("resp_1", 5.5, "m", completion_ids=("c-1",), echo=Echo(Parameters(), stored=True))
USAGE = Usage(9, 4, cached_tokens=2, reasoning_tokens=1)


def shown(choice: Choice, head: Head = HEAD, usage: Usage = USAGE) -> dict[str, Any]:  # Any: the wire
    """The plain answer."""
    return msgspec.json.decode(responses.render(Completion((choice,), usage), head), type=dict[str, Any])


def streamed(*deltas: Delta, head: Head = HEAD) -> list[dict[str, Any]]:
    """All events of an answer."""
    stream = responses.stream(head)
    return events(b"".join([*map(stream.delta, deltas), stream.end(USAGE, None)]))


def test_a_whole_answer() -> None:
    """A thought, a text and calls are items in this order, each with an id of its own."""
    calls = (ToolCall("call_1", "f", "{}"), ToolCall("call_2", "g", "{}"))
    told = shown(Choice(0, "Yes.", "Hm.", calls, finish_reason="tool_calls"))
    assert [item["type"] for item in told["output"]] == ["reasoning", "message", "function_call", "function_call"]
    assert len({item["id"] for item in told["output"]}) == 4
    assert (told["status"], told["created_at"], told["store"]) == ("completed", 5, True)
    assert told["usage"]["input_tokens_details"] == {"cached_tokens": 2, "cache_write_tokens": 0}
    assert told["completion_id"] == "c-1"


def test_an_empty_answer_has_an_empty_text() -> None:
    """So that clients always find one."""
    told = shown(Choice(0, ""))
    assert told["output"][0]["content"][0]["text"] == ""
    assert streamed(Delta(finish_reason="stop"))[-1]["response"]["output"] == told["output"]


def test_a_cut_answer_is_incomplete() -> None:
    """And says at which limit."""
    told = shown(Choice(0, "Ye", finish_reason="length"))
    assert (told["status"], told["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    *_, last = streamed(Delta(content="Ye", finish_reason="length"))
    assert (last["type"], last["response"]["output"]) == ("response.incomplete", told["output"])
    assert shown(Choice(0, "", finish_reason="content_filter"))["incomplete_details"] == {"reason": "content_filter"}


def test_what_it_cost_is_told_but_for_exact() -> None:
    """As an exact number; nothing of the gateway's own is left where only the vendor's words are wanted."""
    priced = replace(USAGE, cost=1_500_000)
    assert shown(Choice(0, "a"), usage=priced)["usage"]["cost"] == 1.5
    bare = shown(Choice(0, "a"), replace(HEAD, exact=True), priced)
    assert "cost" not in bare["usage"]
    assert "completion_id" not in bare


def test_the_order_of_events() -> None:
    """Items begin, grow and end one behind the other; calls end together, behind all of their pieces."""
    told = streamed(
        Delta(reasoning="Hm."),
        Delta(content="Yes."),
        Delta(tool_calls=(ToolCallDelta(0, "call_1", "f"),)),
        Delta(tool_calls=(ToolCallDelta(1, "call_2", "g", "{"),)),
        Delta(tool_calls=(ToolCallDelta(0, arguments="{}"), ToolCallDelta(1, arguments="}"))),
        Delta(finish_reason="tool_calls"),
    )
    assert [(one["type"].removeprefix("response."), one.get("output_index")) for one in told] == [
        ("created", None), ("in_progress", None),
        ("output_item.added", 0), ("content_part.added", 0), ("reasoning_text.delta", 0), ("reasoning_text.done", 0),
        ("content_part.done", 0), ("output_item.done", 0),
        ("output_item.added", 1), ("content_part.added", 1), ("output_text.delta", 1), ("output_text.done", 1),
        ("content_part.done", 1), ("output_item.done", 1),
        ("output_item.added", 2), ("output_item.added", 3), ("function_call_arguments.delta", 3),
        ("function_call_arguments.delta", 2), ("function_call_arguments.delta", 3),
        ("function_call_arguments.done", 2), ("output_item.done", 2),
        ("function_call_arguments.done", 3), ("output_item.done", 3),
        ("completed", None),
    ]  # fmt: skip
    assert [one["sequence_number"] for one in told] == list(range(len(told)))
    assert [item["status"] for item in told[-1]["response"]["output"][1:]] == ["completed"] * 3


def test_a_text_behind_a_thought_behind_a_text() -> None:
    """Each is an item of its own."""
    told = streamed(Delta(content="a"), Delta(reasoning="b"), Delta(content="c"), Delta(finish_reason="stop"))
    output = told[-1]["response"]["output"]
    assert [(item["type"], item["id"]) for item in output] == [
        ("message", "msg_1"), ("reasoning", "rs_1"), ("message", "msg_1_1"),
    ]  # fmt: skip


def test_thoughts_as_summaries() -> None:
    """Under the names of a summary's events, where one was asked for."""
    asked = Parameters(reasoning=msgspec.convert({"summary": "auto"}, type(Parameters().reasoning)))
    told = streamed(Delta(reasoning="Hm."), Delta(finish_reason="stop"), head=replace(HEAD, echo=Echo(asked)))
    names = [one["type"].removeprefix("response.") for one in told[2:-1]]
    assert names == [
        "output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta",
        "reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done",
    ]  # fmt: skip
    assert told[4]["summary_index"] == 0
    assert told[-1]["response"]["output"][0]["summary"] == [{"type": "summary_text", "text": "Hm."}]


def test_the_quick_and_the_general_path_agree() -> None:
    """Bytes put together by hand are those that the encoder would give, also around a per cent sign."""
    stream = ResponseStream(replace(HEAD, id="resp_%s"))
    stream.delta(Delta(content="a"))
    (told,) = events(stream.delta(Delta(content='%d "\n☃')))
    assert told == {
        "type": "response.output_text.delta", "sequence_number": 5, "item_id": "msg_%s", "output_index": 0,
        "content_index": 0, "delta": '%d "\n☃', "logprobs": [],
    }  # fmt: skip


def test_logprobs_come_with_their_text() -> None:
    """The bytes of a token are always told."""
    told = streamed(Delta(content="é", logprobs=(Logprob("é", -0.5),)), Delta(finish_reason="stop"))
    entry = {"token": "é", "logprob": -0.5, "bytes": [195, 169], "top_logprobs": []}
    assert told[4]["logprobs"] == [entry]
    assert told[-1]["response"]["output"][0]["content"][0]["logprobs"] == [entry]


def test_an_answer_that_fails() -> None:
    """Its last event says why, and has what had come to its end."""
    stream = responses.stream(HEAD)
    assert isinstance(stream, FailingStream)
    begun = stream.delta(Delta(reasoning="Hm.")) + stream.delta(Delta(content="Ye"))
    *_, last = events(begun + stream.failed(EngineFailed("It broke.")))
    assert (last["type"], last["response"]["status"]) == ("response.failed", "failed")
    assert last["response"]["error"] == {"code": "server_error", "message": "It broke."}
    assert [item["type"] for item in last["response"]["output"]] == ["reasoning"]


def test_an_answer_that_fails_before_it_begins() -> None:
    """It begins first, since clients count on that."""
    stream = ResponseStream(HEAD)
    told = events(stream.failed(RateLimited()))
    assert [one["type"] for one in told] == ["response.created", "response.in_progress", "response.failed"]
    assert told[-1]["response"]["error"]["code"] == "rate_limit_exceeded"
