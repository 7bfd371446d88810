"""Templates of events: what they read is what decoding gives, and nothing else is read."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.chat import Delta
from antiphon.engines import chat_answer, text_wire
from antiphon.engines.event_template import EventTemplate, learn
from antiphon.http.sse import event

VLLM = b'{"id":"chatcmpl-1","created":17,"choices":[{"index":0,"delta":{"content":%s},"finish_reason":null}]}'
SPACED = b'{"choices": [{"finish_reason": null, "delta": {"role": "assistant", "content": %s}}], "created": 17}'
THOUGHT = b'{"choices":[{"delta":{"reasoning_content":%s}}],"usage":null}'
TWICE = b'{"id":%s,"choices":[{"delta":{"content":%s}}]}'


def learned(shape: bytes, text: str = "a") -> EventTemplate | None:
    """What one event of this shape teaches."""
    payload = shape % msgspec.json.encode(text)
    delta, _ = chat_answer.decode(payload)
    assert delta is not None
    return learn(event(payload), delta, chat_answer.decode)


@pytest.mark.parametrize("shape", [VLLM, SPACED, THOUGHT])
@pytest.mark.parametrize("text", ['"quoted"', "é\u2028\U0001f600", "\\", "\n\n", "data: [DONE]", "x" * 5000])
def test_another_text_is_read_as_it_is_decoded(shape: bytes, text: str) -> None:
    """Whatever has to be escaped in it, and however it is escaped."""
    template = learned(shape)
    assert template is not None
    for written in (msgspec.json.encode(text), msgspec.json.encode(text).replace(b"x", b"\\u0078")):
        payload = shape % written
        assert template.read(event(payload)) == chat_answer.decode(payload)[0]


@pytest.mark.parametrize(
    "written",
    [b'""', b'"a', b'a"', b'"a"b"', b'"a","content":"b"', b'"\n"', b'"\xff"', b'"\\ud800"', b"null", b' "a"', b'"a" '],
)
def test_what_is_no_text_is_left_to_decoding(written: bytes) -> None:
    """Also where decoding would allow it: a template reads the usual or nothing."""
    template = learned(VLLM)
    assert template is not None
    assert template.read(event(VLLM % written)) is None


def test_any_other_event_is_left_to_decoding() -> None:
    """One cut short, two at once, one with another id."""
    template = learned(VLLM)
    assert template is not None
    usual = event(VLLM % b'"a"')
    others = (usual[:-1], usual[1:], usual + usual, usual.replace(b"-1", b"-2"), b": ping\n\n", b"", b'"')
    assert [template.read(other) for other in others] == [None] * len(others)


@pytest.mark.parametrize(
    "shape",
    [
        b'{"choices":[{"delta":{"content":%s,"reasoning":"b"}}]}',
        b'{"choices":[{"delta":{"content":%s},"finish_reason":"stop"}]}',
        b'{"choices":[{"delta":{"content":%s}}],"usage":{"completion_tokens":1}}',
        b'{"choices":[{"delta":{"content":%s},"logprobs":{"content":[{"token":"a","logprob":-1}]}}]}',
        b'{"choices":[{"delta":{"content":%s}}],"id":"a"}',
    ],
)
def test_an_event_that_holds_more_teaches_nothing(shape: bytes) -> None:
    """Nor does one whose text stands elsewhere too, behind its place."""
    assert learned(shape) is None


def test_a_text_that_stands_elsewhere_too_is_found_at_its_place() -> None:
    """The last one is tried."""
    payload = TWICE % (b'"a"', b'"a"')
    template = learn(event(payload), Delta(content="a"), chat_answer.decode)
    assert template is not None
    assert template.read(event(TWICE % (b'"a"', b'"b"'))) == Delta(content="b")
    assert template.read(event(TWICE % (b'"b"', b'"b"'))) is None


def test_a_text_written_with_needless_escapes_teaches_nothing() -> None:
    """It is not found; the next event may do."""
    assert learn(event(VLLM % b'"\\u0061"'), Delta(content="a"), chat_answer.decode) is None


def test_text_completions_teach_as_well() -> None:
    """Any wire does whose events hold one text."""
    shape = b'{"choices":[{"index":0,"text":%s,"finish_reason":null}]}'
    delta, _ = text_wire.decode(shape % b'"a"')
    assert delta is not None
    template = learn(event(shape % b'"a"'), delta, text_wire.decode)
    assert template is not None
    assert template.read(event(shape % b'"b"')) == text_wire.decode(shape % b'"b"')[0]
