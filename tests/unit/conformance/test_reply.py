"""Whatever a server sends is read, or is a failure with a sentence."""

from __future__ import annotations

import pytest

from antiphon.conformance.reply import Reply, shown, streamed
from antiphon.conformance.verdict import Failed
from antiphon.conformance.wire import Answer


def reply(body: bytes, status: int = 400) -> Reply:
    """A reply with that body."""
    return Reply(status, {}, body)


def test_a_body_in_another_form_fails_by_name() -> None:
    """The member that is missing or different is named with its place."""
    with pytest.raises(Failed, match=r"missing required field `message` - at `\$.choices\[0\]`"):
        reply(b'{"choices": [{}]}').read(Answer)


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"\xff\xfe"], ids=len)
def test_a_body_that_is_no_json_fails(body: bytes) -> None:
    """With its beginning, as far as it can be shown."""
    with pytest.raises(Failed, match="not JSON"):
        reply(body).read(Answer)


def test_a_body_that_is_nested_too_deeply_fails() -> None:
    """As one that is no JSON."""
    with pytest.raises(Failed, match="not JSON"):
        reply(b"[" * 100_000).read(list)


def test_errors_of_each_form_are_read() -> None:
    """OpenAI's object, Nugen's detail, Adaptive's text, and anything else as it is."""
    openai = reply(b'{"error": {"message": "m", "param": "p", "code": 400}}').refusal
    assert (openai.message, openai.param, openai.code) == ("m", "p", "400")
    assert reply(b'{"detail": "d"}').refusal.message == "d"
    assert reply(b'{"detail": [{"loc": ["body", 0], "msg": "a", "type": "t"}]}').refusal.message == "a"
    assert reply(b'{"error": "e"}').refusal.message == "e"
    assert reply(b"plain\ntext").refusal.message == "plain text"
    assert reply(b"\xff").refusal.status == 400


def test_what_is_shown_is_short_and_printable() -> None:
    """Somebody else's bytes move no cursor."""
    assert shown(b"a\x1b[2J\nb") == "a?[2J b"
    assert len(shown(b"x" * 10_000)) == 200
    assert shown(b"") == "nothing"


def test_a_stream_is_its_events() -> None:
    """[DONE] is told apart and is no event."""
    found = streamed({}, [b'{"choices": []}', b"[DONE]"])
    assert (len(found.chunks), found.done, found.payloads) == (1, True, (b'{"choices": []}',))
    assert not streamed({}, [b'{"choices": []}']).done


@pytest.mark.parametrize(
    ("payloads", "why"),
    [
        ([], "no event"),
        ([b"[DONE]", b'{"choices": []}'], r"follows \[DONE\]"),
        ([b'{"error": {"message": "broken"}}'], "broke off"),
        ([b"{"], "not JSON"),
        ([b'{"choices": 5}'], "not as documented"),
    ],
)
def test_a_broken_stream_fails(payloads: list[bytes], why: str) -> None:
    """With a sentence for each way."""
    with pytest.raises(Failed, match=why):
        streamed({"content-type": "text/html"}, payloads)
