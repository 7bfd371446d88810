"""`antiphon chat` with a prompt."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.cli.chat import first_model
from antiphon.cli.client import Client, Reply
from antiphon.cli.endpoint import Endpoint
from antiphon.errors import Unavailable
from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.faults import Fault


@pytest.fixture(autouse=True)
def stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input is an empty pipe."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))


def test_a_prompt_gets_an_answer(run: Callable[..., Any], engine: FaultEngine) -> None:
    """Words need no quotes; the answer alone is on standard output."""
    ran = run("chat", "Say", "hello", "--base-url", engine.url)
    assert ran.code == 0
    assert ran.out.strip()
    body = engine.requests[0].body
    assert isinstance(body, dict)
    assert body["messages"] == [{"role": "user", "content": "Say hello"}]
    assert body["model"] == "fault-model"


def test_flags_are_sent(run: Callable[..., Any], engine: FaultEngine) -> None:
    """Model, system prompt, sampling."""
    words = ("--model", "fault-model", "--system", "Be brief.", "--temperature", "0.5", "--max-tokens", "5")
    assert run("chat", "hi", *words, "--base-url", engine.url).code == 0
    body = engine.requests[0].body
    assert isinstance(body, dict)
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (body["temperature"], body["max_tokens"]) == (0.5, 5)


def test_scripts_get_one_object(run: Callable[..., Any], engine: FaultEngine) -> None:
    """With all that is known of the answer."""
    told = json.loads(run("chat", "hi", "--json", "--base-url", engine.url).out)
    assert told["model"] == "fault-model"
    assert told["content"]
    assert told["usage"]["completion_tokens"] > 0
    assert told["finish_reason"] in {"stop", "length"}
    assert told["stopped"] is False


def test_a_pipe_is_a_prompt(run: Callable[..., Any], engine: FaultEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """When there are no words."""
    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe"))
    assert run("chat", "--base-url", engine.url).code == 0
    body = engine.requests[0].body
    assert isinstance(body, dict)
    assert body["messages"][0]["content"] == "from a pipe"


def test_nothing_to_say_is_wrong_usage(run: Callable[..., Any], engine: FaultEngine) -> None:
    """No words, an empty pipe."""
    ran = run("chat", "--base-url", engine.url)
    assert ran.code == 2
    assert "There is no prompt" in ran.notes


def test_a_failure_is_one_sentence(run: Callable[..., Any], engine: FaultEngine) -> None:
    """On standard error, with exit code 1."""
    engine.push(Fault("status", status=503))
    ran = run("chat", "hi", "--model", "fault-model", "--base-url", engine.url)
    assert ran.code == 1
    assert ran.notes.startswith("antiphon: ")
    assert "Traceback" not in ran.notes


def test_no_gateway_is_told(run: Callable[..., Any]) -> None:
    """With the address that was tried."""
    ran = run("chat", "hi", "--base-url", "http://127.0.0.1:9")
    assert ran.code == 1
    assert "http://127.0.0.1:9 does not answer" in ran.notes


@pytest.mark.parametrize(
    ("models", "first"),
    [
        ([{"id": "vectors", "type": "embedding"}, {"id": "a"}, {"id": "b"}], "a"),
        ([{"id": "a", "state": "unavailable"}, {"id": "b", "state": "warm"}], "b"),
        ([{"id": "a", "state": "unavailable"}, {"id": "vectors", "type": "embedding"}], "a"),
    ],
)
def test_the_model_that_is_talked_to(models: list[dict[str, str]], first: str) -> None:
    """The first that generates and is ready, else the first that generates."""
    assert first_model(Listing(models)) == first


def test_vectors_are_no_one_to_talk_to() -> None:
    """A gateway that has nothing else offers no model yet."""
    with pytest.raises(Unavailable):
        first_model(Listing([{"id": "vectors", "type": "embedding"}]))


class Listing(Client):
    """A gateway that only lists its models."""

    def __init__(self, models: list[dict[str, str]]) -> None:
        super().__init__(Endpoint("http://127.0.0.1:9", None))
        self._models = models

    def get(self, path: str, *, root: bool = False) -> Reply:
        """The list."""
        assert path == "/models"
        return Reply(200, {}, json.dumps({"data": self._models}).encode())
