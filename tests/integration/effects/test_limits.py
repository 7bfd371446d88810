"""Time limits that are missed: the status says so, and the engine stops working for nobody."""

from __future__ import annotations

import pytest

from tests.conformance.answers import JSON
from tests.conformance.client import CHAT, Client
from tests.conformance.conftest import Gateway
from tests.conformance.processes import descendants, wait_until
from tests.fixtures.machine import Stopwatch

from .lab import STORY

NO_END = {"2": -100}  # the token that ends a turn
STOPS_S = 5.0
STREAMED_S = 3  # enough for some tokens, on a busy machine too
ENDLESS: JSON = {"max_tokens": 2500, "temperature": 1, "logit_bias": NO_END}


def sent(client: Client, **fields: object) -> tuple[int, JSON, str | None]:
    """Status, body and what clients are told of a repeat."""
    reply = client.http.post(CHAT, json=client.body(STORY, **fields))
    return reply.status_code, reply.json(), reply.headers.get("x-should-retry")


def stopped(gateway: Gateway) -> None:
    """Wait until the engine has nothing to do; it must not take the time that the answer would have."""
    wait_until(lambda: not gateway.busy(), within_s=STOPS_S, what="the engine stops")


@pytest.mark.parametrize("stream", [False, True])
def test_a_late_first_token_is_408(client: Client, gateway: Gateway, stream: bool) -> None:
    """A prompt of thousands of tokens cannot be read in 20 ms."""
    prompt = [{"role": "user", "content": "number " * 2000}]
    status, body, retry = sent(client, messages=prompt, max_ttft_ms=20, stream=stream, max_tokens=5)
    assert (status, body["error"]["code"], retry) == (408, "first_token_timeout", "false")
    stopped(gateway)


def test_an_answer_over_its_time_is_504(client: Client, gateway: Gateway) -> None:
    """At about the time that was given, and not before."""
    assert gateway.process is not None
    watch = Stopwatch(gateway.process, *descendants(gateway.process))
    status, body, retry = sent(client, **ENDLESS, timeout_secs=1)
    assert (status, body["error"]["code"], retry) == (504, "deadline_exceeded", "false")
    assert watch.real_s >= 1
    assert watch.fair_s < 1 + STOPS_S
    stopped(gateway)


def test_several_choices_are_stopped_together(client: Client, gateway: Gateway) -> None:
    """Each of them is a job of the engine, and none goes on."""
    status, body, _ = sent(client, **ENDLESS, timeout_secs=1, n=3)
    assert (status, body["error"]["code"]) == (504, "deadline_exceeded")
    stopped(gateway)


def test_a_stream_over_its_time_ends_with_an_error(client: Client, gateway: Gateway) -> None:
    """What has come is kept by the client; the last event says why there is no more, and [DONE] is missing."""
    body = client.body(STORY, **ENDLESS, timeout_secs=STREAMED_S) | {"stream": True}
    with client.http.stream("POST", CHAT, json=body) as reply:
        assert reply.status_code == 200
        lines = [line for line in reply.iter_lines() if line.startswith("data: ")]
    assert "deadline_exceeded" in lines[-1]
    assert sum('"content"' in line for line in lines) > 3
    stopped(gateway)


def test_a_limit_that_is_kept_changes_nothing(client: Client) -> None:
    """With time enough the answer is the one without limits."""
    greedy: JSON = {"temperature": 0, "max_tokens": 6}
    free = client.ask(STORY, **greedy)["choices"]
    assert client.ask(STORY, **greedy, timeout_secs=60, max_ttft_ms=60_000)["choices"] == free
