"""What is around the choices of every answer: what it took, why it ended, or an error."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from antiphon.chat import FinishReason, Usage
from antiphon.engines import chat_answer, embedding_wire, text_wire
from antiphon.engines.frame import Frame, ended, finish_reason, read, usage_of
from antiphon.errors import BadRequest, EngineFailed

FRAMES = msgspec.json.Decoder(Frame)
READERS: tuple[Callable[[bytes], object], ...] = (
    chat_answer.decode,
    chat_answer.decode_whole,
    text_wire.decode,
    text_wire.decode_whole,
    lambda payload: embedding_wire.decode(payload, 1),
)


def test_usage_is_read_with_its_details() -> None:
    """Details that are missing or null are 0."""
    usage = b'{"prompt_tokens": 5, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2}, %s}'
    details = b'"completion_tokens_details": {"reasoning_tokens": 1}'
    assert usage_of(read(FRAMES, b'{"usage": %s}' % (usage % details))) == Usage(5, 3, 2, 1)
    nothing = b'"completion_tokens_details": null'
    assert usage_of(read(FRAMES, b'{"usage": %s}' % (usage % nothing))) == Usage(5, 3, 2)


@pytest.mark.parametrize("payload", [b"{}", b'{"usage": null}', b'{"choices": [], "error": null}'])
def test_an_answer_that_says_nothing_of_its_usage(payload: bytes) -> None:
    """None: it is to be counted elsewhere."""
    assert usage_of(read(FRAMES, payload)) is None


@pytest.mark.parametrize("reader", READERS)
def test_an_error_inside_an_answer_may_be_the_caller_s(reader: Callable[[bytes], object]) -> None:
    """An engine such as vLLM finds some faults only after it has begun a stream; all others are its own."""
    with pytest.raises(BadRequest, match="Token id 9 is out of vocabulary"):
        reader(b'{"error": {"message": "Token id 9 is out of vocabulary", "type": "BadRequestError", "code": 400}}')
    for error in (b'{"message": "It died.", "code": 500}', b'{"code": "400"}', b'"400"', b"[]", b"{}"):
        with pytest.raises(EngineFailed, match="reported an error"):
            reader(b'{"error": %b}' % error)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("count", [b"-1", b"9223372036854775808", b"1" * 60, b"1e300"])
@pytest.mark.parametrize("usage", [b'{"prompt_tokens": %b}', b'{"prompt_tokens_details": {"cached_tokens": %b}}'])
def test_what_no_engine_can_have_counted(reader: Callable[[bytes], object], usage: bytes, count: bytes) -> None:
    """It would be charged, shown, stored and sent to a collector."""
    with pytest.raises(EngineFailed):
        reader(b'{"choices": [], "usage": %b}' % (usage % count))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("payload", [b"", b"<html>", b"[]", b"\xff", b'{"usage": 5}', b'{"choices": ' + b"[" * 5000])
def test_what_is_not_the_json_it_should_be(reader: Callable[[bytes], object], payload: bytes) -> None:
    """It is the engine's failure, whatever it is."""
    with pytest.raises(EngineFailed):
        reader(payload)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("function_call", "tool_calls"),
        ("tool_calls", "tool_calls"),
        ("content_filter", "content_filter"),
        ("new_word", "stop"),
    ],
)
def test_reasons_have_one_word(told: str, reason: FinishReason) -> None:
    """The older name of calls is theirs too, and what nobody knows is a stop."""
    assert finish_reason(told) == ended(told) == reason


def test_a_whole_answer_must_have_ended() -> None:
    """A chunk need not."""
    assert finish_reason(None) is None
    with pytest.raises(EngineFailed, match="no finish_reason"):
        ended(None)
