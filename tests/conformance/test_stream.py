"""The shape of a stream: the same answer in pieces, with each promise of the format kept once."""

from __future__ import annotations

import pytest

from .answers import content
from .client import CHAT, Client


def test_every_event_is_a_chunk_of_one_answer(client: Client) -> None:
    """Id, object, created and model are there in every event and do not change."""
    stream = client.stream(max_tokens=6)
    heads = {(e["id"], e["object"], e["created"], e["model"]) for e in stream.events}
    ((identity, kind, created, model),) = heads
    assert identity.startswith("chatcmpl-")
    assert kind == "chat.completion.chunk"
    assert type(created) is int
    assert model == client.model


def test_the_role_comes_first_and_once(client: Client) -> None:
    """SDKs concatenate it, so a second one would make it wrong."""
    pieces = client.stream(max_tokens=6).of(0)
    assert [piece["delta"].get("role") for piece in pieces] == ["assistant"] + [None] * (len(pieces) - 1)
    assert isinstance(pieces[0]["delta"].get("content"), str)


def test_the_end_is_said_once(client: Client) -> None:
    """One finish_reason, on the last piece, and null on all others; then [DONE]."""
    stream = client.stream("Tell me a long story.", max_tokens=4)
    reasons = [piece["finish_reason"] for piece in stream.of(0)]
    assert reasons == [None] * (len(reasons) - 1) + ["length"]
    assert stream.done


def test_text_comes_in_pieces(client: Client) -> None:
    """Tokens are passed on as they come, not all at the end."""
    stream = client.stream("Tell me a long story.", max_tokens=12)
    assert len([p for p in stream.of(0) if p["delta"].get("content")]) >= 5


def test_the_stream_says_what_the_plain_answer_says(client: Client) -> None:
    """Greedy text is the same either way, and so is the end."""
    plain = client.ask("What is the capital of France?", temperature=0, max_tokens=16)
    stream = client.stream("What is the capital of France?", temperature=0, max_tokens=16)
    assert stream.text() == content(plain)
    assert stream.finish_reasons() == [plain["choices"][0]["finish_reason"]]


def test_usage_comes_only_when_asked_for(client: Client) -> None:
    """Without include_usage no event has one."""
    for options in (None, {}, {"include_usage": False}):
        assert client.stream(max_tokens=2, stream_options=options).usages == []


def test_usage_is_the_last_event_with_no_choice(client: Client) -> None:
    """The usage event has an empty list of choices and the same numbers as a plain answer."""
    plain = client.ask("Tell me a long story.", max_tokens=5)["usage"]
    stream = client.stream("Tell me a long story.", max_tokens=5, stream_options={"include_usage": True})
    assert stream.events[-1]["choices"] == []
    (usage,) = stream.usages
    for count in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert usage[count] == plain[count]


def test_the_head_says_that_it_is_a_stream(client: Client) -> None:
    """The type is set, and nothing on the way may buffer it or keep it."""
    stream = client.stream(max_tokens=1)
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert "no-cache" in stream.headers["cache-control"]
    assert stream.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in stream.headers


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream", "*/*"])
def test_the_body_decides_whether_it_streams(client: Client, accept: str) -> None:
    """SDKs ask for JSON and stream, so the Accept header has no say."""
    with client.http.stream("POST", CHAT, json=client.body(max_tokens=1, stream=True), headers={"accept": accept}) as r:
        assert r.headers["content-type"].startswith("text/event-stream")
        assert r.read().endswith(b"data: [DONE]\n\n")
    plain = client.http.post(CHAT, json=client.body(max_tokens=1, stream=False), headers={"accept": accept})
    assert plain.headers["content-type"].startswith("application/json")


def test_stream_options_without_a_stream_are_harmless(client: Client) -> None:
    """Some clients always send them."""
    assert client.ask(max_tokens=1, stream_options={})["usage"]["completion_tokens"] == 1
    assert client.ask(max_tokens=1, stream_options={"include_usage": True})["usage"]["completion_tokens"] == 1


def test_a_refusal_is_no_stream(client: Client) -> None:
    """What is found wrong before the first token is answered with its status, not with an event."""
    refusal = client.refuse(stream=True, temperature=9)
    assert refusal.param == "temperature"


def test_characters_are_never_torn(client: Client) -> None:
    """Each event is whole text, although a token may hold half a character."""
    schema = {"enum": ["🦊🦊é日本🦊"]}
    shape = {"type": "json_schema", "json_schema": {"name": "fox", "schema": schema}}
    stream = client.stream("Foxes.", response_format=shape, max_tokens=60)
    assert stream.text().strip() == '"🦊🦊é日本🦊"'
    assert all("\ufffd" not in (piece["delta"].get("content") or "") for piece in stream.of(0))
