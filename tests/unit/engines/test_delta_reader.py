"""A stream's bytes to deltas: the same however they are cut, read at a glance or decoded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.chat import Delta, Usage, finish
from antiphon.engines import chat_answer
from antiphon.engines.delta_reader import LESSONS_MAX, DeltaReader
from antiphon.engines.stop_cutter import StopCutter
from antiphon.errors import EngineFailed
from antiphon.http.sse import DONE, event

STOP = event(b'{"choices":[{"delta":{},"finish_reason":"stop"}]}')
USED = event(b'{"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":5}}')
CALL = event(b'{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f"}}]}}]}')
ODD = event(b'{"choices":[{"delta":{"content":"odd"}}],"timings":1}')
PING = b": ping\n\n"
BROKEN = event(b'{"error":{"message":"no"}}')


def said(text: str, field: str = "content", created: int = 1) -> bytes:
    """An event that says this."""
    return event(b'{"created":%d,"choices":[{"delta":{"%b":"%b"}}]}' % (created, field.encode(), text.encode()))


def reader() -> DeltaReader:
    """A reader of chat events."""
    return DeltaReader(chat_answer.decode, top_logprobs=0)


def one_by_one(events: list[bytes]) -> tuple[list[Delta], Usage | None]:
    """What the wire's own decoding says, an event at a time, each by a new reader, and the finish of them all."""
    deltas = [delta for one in events for delta in reader().feed(one)]
    end = next((i for i, delta in enumerate(deltas) if delta.finish_reason is not None), len(deltas))
    said = deltas[:end]
    reason = finish("stop", called=any(delta.tool_calls for delta in said))
    return (said if end == len(deltas) else [*said, Delta(finish_reason=reason)]), None


EVENTS = st.lists(
    st.sampled_from([said("a"), said("b"), said("c", created=2), said("t", "reasoning"), CALL, ODD, PING, STOP]),
    max_size=12,
)


@given(EVENTS, st.data())
def test_deltas_do_not_depend_on_how_the_bytes_are_cut(events: list[bytes], data: st.DataObject) -> None:
    """Whole events at a time, which templates are made for, or any other pieces."""
    stream = b"".join(events)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    expected, _ = one_by_one(events)
    for fed in (events, pieces):
        under_test = reader()
        assert [delta for piece in fed for delta in under_test.feed(piece)] == expected
        assert under_test.finished == (STOP in events)


def test_a_usual_event_is_read_without_decoding() -> None:
    """After one of its kind; the kind may change on the way, as from thinking to answering."""
    decoded: list[bytes] = []

    def decode(payload: bytes) -> tuple[Delta | None, Usage | None]:
        decoded.append(payload)
        return chat_answer.decode(payload)

    under_test = DeltaReader(decode, top_logprobs=0)
    for field in ("reasoning", "content"):
        for text in "abcdefgh":
            assert len(under_test.feed(said(text, field))) == 1
    assert len(decoded) == 4  # the first of each kind, and its trial


def test_an_engine_whose_events_all_differ_is_not_learned_from_for_ever() -> None:
    """After a few trials each event is only decoded."""
    decoded: list[bytes] = []

    def decode(payload: bytes) -> tuple[Delta | None, Usage | None]:
        decoded.append(payload)
        return chat_answer.decode(payload)

    under_test = DeltaReader(decode, top_logprobs=0)
    for created in range(20):
        under_test.feed(said("a", created=created))
    assert len(decoded) == 20 + LESSONS_MAX


def test_thoughts_are_counted_either_way() -> None:
    """Those read at a glance too; never beyond what was generated."""
    under_test = reader()
    for text in "abc":
        under_test.feed(said(text, "reasoning"))
    under_test.feed(said("d") + STOP + USED)
    assert under_test.usage == Usage(2, 5, reasoning_tokens=3)


def test_nothing_is_said_after_the_finish() -> None:
    """Text that comes late is dropped, the usage is read, and what follows the closing mark is not."""
    under_test = reader()
    under_test.feed(said("a"))
    assert [delta.finish_reason for delta in under_test.feed(STOP)] == ["stop"]
    assert under_test.feed(said("b")) == []
    assert under_test.feed(USED) == []
    assert under_test.usage == Usage(2, 5)
    assert under_test.feed(DONE + BROKEN) == []
    assert (under_test.finished, under_test.done) == (True, True)


def test_what_came_before_a_failure_is_handed_on_first() -> None:
    """Then the failure stands, whatever else arrives."""
    under_test = reader()
    under_test.feed(said("a"))
    assert under_test.feed(said("b") + BROKEN + said("c")) == [Delta(content="b")]
    for _ in range(2):
        with pytest.raises(EngineFailed):
            under_test.feed(said("d"))


def test_text_after_the_closing_mark_is_dropped() -> None:
    """Also without a finish, and though its kind is known."""
    under_test = reader()
    under_test.feed(said("a"))
    assert under_test.feed(DONE) == []
    assert under_test.feed(said("b")) == []


def timed(text: str, tokens: int) -> bytes:
    """An event that says this, and what the answer has taken so far."""
    timings = b'{"cache_n":1,"prompt_n":2,"predicted_n":%d}' % tokens
    return event(b'{"choices":[{"delta":{"content":"%b"}}],"timings":%b}' % (text.encode(), timings))


def test_a_stop_text_ends_the_stream_with_what_it_has_taken_so_far() -> None:
    """The tokens of the stop text count, what came with it and behind it does not."""
    under_test = DeltaReader(chat_answer.decode, top_logprobs=0, stops=StopCutter(("END",)), timed=True)
    assert under_test.feed(timed("a", 1) + timed("bE", 2)) == [Delta(content="a")]
    assert not under_test.cut
    end = Delta(finish_reason="stop", stop="END")
    assert under_test.feed(timed("ND", 5) + timed("c", 6) + USED) == [Delta(content="b"), end]
    assert (under_test.cut, under_test.finished, under_test.done) == (True, True, True)
    assert under_test.usage == Usage(3, 5, cached_tokens=1)


def test_an_engine_that_does_not_tell_what_it_has_taken_is_cut_too() -> None:
    """Then its tokens are to be counted elsewhere."""
    under_test = DeltaReader(chat_answer.decode, top_logprobs=0, stops=StopCutter(("b",)), timed=True)
    assert under_test.feed(said("abc")) == [Delta(content="a"), Delta(finish_reason="stop", stop="b")]
    assert under_test.usage is None


def test_without_its_stop_text_a_stream_ends_as_any_other() -> None:
    """All is shown, and the usage is the engine's last word."""
    under_test = DeltaReader(chat_answer.decode, top_logprobs=0, stops=StopCutter(("abc",)), timed=True)
    events = [said("a"), said("b"), STOP, USED, DONE]
    deltas = [delta for one in events for delta in under_test.feed(one)]
    assert deltas == [Delta(content="a"), Delta(content="b"), Delta(finish_reason="stop")]
    assert (under_test.cut, under_test.usage) == (False, Usage(2, 5))


@pytest.mark.parametrize(
    ("before", "told", "reason"),
    [
        ([CALL], "stop", "tool_calls"),
        ([said("a"), CALL, said("b")], "stop", "tool_calls"),
        ([CALL], "tool_calls", "tool_calls"),
        ([CALL], "length", "length"),
        ([CALL], "content_filter", "content_filter"),
        ([said("a")], "tool_calls", "stop"),
        ([said("a")], "stop", "stop"),
    ],
)
def test_an_answer_with_calls_ends_for_them(before: list[bytes], told: str, reason: str) -> None:
    """Whatever its engine says, unless it was cut; one without calls does not."""
    under_test = reader()
    for one in before:
        under_test.feed(one)
    end = event(b'{"choices":[{"delta":{},"finish_reason":"%b"}]}' % told.encode())
    assert [delta.finish_reason for delta in under_test.feed(end)] == [reason]


def test_a_stop_text_after_a_call_ends_for_the_call() -> None:
    """It is an answer with calls all the same."""
    under_test = DeltaReader(chat_answer.decode, top_logprobs=0, stops=StopCutter(("b",)))
    under_test.feed(CALL)
    assert under_test.feed(said("ab")) == [Delta(content="a"), Delta(finish_reason="tool_calls")]


def test_each_event_may_tell_what_has_been_taken() -> None:
    """The engine's last word counts."""
    under_test = DeltaReader(chat_answer.decode, top_logprobs=0, timed=True)
    for tokens in range(1, 9):
        under_test.feed(timed("a", tokens))
        assert under_test.usage == Usage(3, tokens, cached_tokens=1)
    under_test.feed(STOP + USED)
    assert under_test.usage == Usage(2, 5)
