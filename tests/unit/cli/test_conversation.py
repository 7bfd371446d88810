"""A conversation: turns kept, answers collected, failures without a trace."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.cli.client import Client
from antiphon.cli.conversation import Conversation, Piece
from antiphon.cli.endpoint import Endpoint
from antiphon.clock import SystemClock
from antiphon.errors import AntiphonError, EngineFailed
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.faults import Fault


@pytest.fixture
def talk(engine: FaultEngine) -> Conversation:
    """A conversation with the engine."""
    client = Client(Endpoint(engine.url, None), read_timeout_s=2.0)
    return Conversation(client, SystemClock(), model="fault-model", options={"max_tokens": 8})


def ignore(_: Piece) -> None:
    """Shows nothing."""


def sent(engine: FaultEngine) -> list[dict[str, Any]]:
    """The messages of the last request."""
    body = engine.requests[-1].body
    assert isinstance(body, dict)
    messages: list[dict[str, Any]] = body["messages"]
    return messages


def test_an_answer_comes_in_pieces(talk: Conversation) -> None:
    """They make up its text; usage and times are told."""
    pieces: list[Piece] = []
    answer = talk.ask("hello", pieces.append)
    assert len(pieces) > 1
    assert answer.content == "".join(piece.content for piece in pieces)
    assert answer.usage is not None
    assert answer.first_token_s is not None
    assert 0 <= answer.first_token_s <= answer.total_s


def test_turns_are_kept(talk: Conversation, engine: FaultEngine) -> None:
    """The next question comes with all that was said before, after the system prompt."""
    talk.system = "Be brief."
    first = talk.ask("one", ignore)
    talk.ask("two", ignore)
    assert [message["role"] for message in sent(engine)] == ["system", "user", "assistant", "user"]
    assert sent(engine)[2]["content"] == first.content


def test_options_are_sent(talk: Conversation, engine: FaultEngine) -> None:
    """With a stream and its usage."""
    talk.ask("hello", ignore)
    body = engine.requests[-1].body
    assert isinstance(body, dict)
    assert (body["max_tokens"], body["stream"], body["stream_options"]) == (8, True, {"include_usage": True})


def test_clear_forgets(talk: Conversation, engine: FaultEngine) -> None:
    """The next question stands alone."""
    talk.ask("one", ignore)
    talk.clear()
    talk.ask("two", ignore)
    assert len(sent(engine)) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("status", status=500), AntiphonError),
        (Fault("end_early", k=2), EngineFailed),
        (Fault("no_done"), EngineFailed),
        (Fault("stream_error", k=2), AntiphonError),
        (Fault("garbage", k=1), EngineFailed),
        (Fault("close", k=2), AntiphonError),
    ],
)
def test_a_failed_answer_leaves_no_trace(
    talk: Conversation, engine: FaultEngine, fault: Fault, error: type[AntiphonError]
) -> None:
    """The next question is as if it had not been asked."""
    engine.push(fault)
    with pytest.raises(error):
        talk.ask("one", ignore)
    talk.ask("two", ignore)
    assert [message["content"] for message in sent(engine)] == ["two"]


def test_a_stopped_answer_is_kept_as_far_as_it_came(talk: Conversation, engine: FaultEngine) -> None:
    """Ctrl-C while it comes ends only the answer."""
    engine.push(Fault("freeze", k=3))

    def stop(_: Piece) -> None:
        raise KeyboardInterrupt

    answer = talk.ask("one", stop)
    assert answer.stopped
    assert answer.content
    talk.ask("two", ignore)
    assert sent(engine)[1] == {"role": "assistant", "content": answer.content}
