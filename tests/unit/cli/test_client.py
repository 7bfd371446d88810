"""The commands' HTTP client, against an engine that can be told to misbehave."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from antiphon.cli.client import Client, Reply, checked, refusal
from antiphon.cli.endpoint import Endpoint
from antiphon.errors import AntiphonError, Unavailable
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.faults import Fault

BODY = {"model": "fault-model", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def client(engine: FaultEngine) -> Client:
    """A client of the engine; it waits a short time only."""
    return Client(Endpoint(engine.url, "key"), read_timeout_s=1.0)


def test_get_and_post(client: Client, engine: FaultEngine) -> None:
    """JSON in, JSON out, with the key."""
    assert checked(client.get("/models"))["data"][0]["id"] == "fault-model"
    assert checked(client.post("/chat/completions", BODY))["choices"]
    assert engine.requests[0].headers["authorization"] == "Bearer key"


def test_the_root_is_beside_v1(client: Client) -> None:
    """Health is not below /v1."""
    assert client.get("/health", root=True).status == 200
    assert client.get("/health").status == 404


def test_a_stream_comes_event_by_event(client: Client) -> None:
    """[DONE] included, as a caller may want to see it."""
    events = list(client.stream("/chat/completions", {**BODY, "stream": True}))
    assert events[-1] == b"[DONE]"
    assert len(events) > 3


def test_the_first_event_does_not_wait_for_the_last(client: Client, engine: FaultEngine) -> None:
    """Tokens show as they come: the engine falls silent after two, and they are there."""
    engine.push(Fault("freeze", k=2))
    events: Iterator[bytes] = client.stream("/chat/completions", {**BODY, "stream": True})
    assert next(events)
    assert next(events)
    with pytest.raises(Unavailable, match="no answer in time"):
        list(events)


def test_leaving_a_stream_closes_the_connection(client: Client, engine: FaultEngine) -> None:
    """So that the engine stops."""
    engine.push(Fault("freeze", k=1))
    events = client.stream("/chat/completions", {**BODY, "stream": True})
    next(events)
    close = getattr(events, "close")  # noqa: B009 - generators have it, iterators need not
    close()
    assert engine.connections_accepted == 1


@pytest.mark.parametrize(
    "fault", [Fault("close", k=-1), Fault("close", k=2), Fault("reset", k=-1), Fault("freeze", k=-1)]
)
def test_a_broken_connection_is_told(client: Client, engine: FaultEngine, fault: Fault) -> None:
    """With the address, in one sentence."""
    engine.push(fault)
    with pytest.raises(Unavailable, match=r"http://127.0.0.1:\d+ does not answer: "):
        client.post("/chat/completions", BODY)


def test_nobody_there_is_told() -> None:
    """Nothing listens on this port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(Unavailable, match="Connection refused"):
            Client(Endpoint(address, None)).get("/models")


def test_a_refused_stream_says_why(client: Client, engine: FaultEngine) -> None:
    """With the server's own sentence and its status."""
    engine.push(Fault("status", status=503))
    with pytest.raises(AntiphonError, match="status 503") as caught:
        list(client.stream("/chat/completions", BODY))
    assert caught.value.status == 503


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "No.", "code": "c"}}', "No. (status 404)"),
        (b"plain words\n", "plain words (status 404)"),
        (b'{"error": "text"}', '{"error": "text"} (status 404)'),
        (b"[]", "[] (status 404)"),
        (b"", "No reason given. (status 404)"),
    ],
)
def test_a_refusal_has_a_sentence(body: bytes, message: str) -> None:
    """Whatever the form of the error body."""
    assert refusal(Reply(404, {}, body)).message == message


def test_what_is_no_json_is_told() -> None:
    """With its beginning."""
    with pytest.raises(AntiphonError, match="not JSON: b'<html>"):
        checked(Reply(200, {}, b"<html>"))


def test_what_is_done_need_not_be_told() -> None:
    """What was made comes with its JSON, what was deleted without."""
    assert checked(Reply(201, {}, b"{}")) == {}
    assert checked(Reply(204, {}, b"")) is None
