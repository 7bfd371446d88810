"""A client that leaves: the engine stops within half a second, whichever way the answer was asked for."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.fixtures.machine import Stopwatch

from .answers import JSON
from .client import CHAT, Client
from .conftest import Gateway
from .processes import descendants, wait_until

pytestmark = pytest.mark.own_gateway
STOPS_WITHIN_S = 0.5
STARTS_WITHIN_S = 15.0
FOR_EVER: JSON = {"max_tokens": 1500, "logit_bias": {"2": -100}, "temperature": 1}


@pytest.fixture(autouse=True)
def idle(gateway: Gateway) -> Iterator[None]:
    """Nothing generates before, and nothing is left after."""
    wait_until(lambda: not gateway.busy(), within_s=STARTS_WITHIN_S, what="the engine is idle before the test")
    yield
    wait_until(lambda: not gateway.busy(), within_s=STARTS_WITHIN_S, what="the engine is idle after the test")


def assert_stops(gateway: Gateway) -> None:
    """The engine has nothing to do half a second from now."""
    assert gateway.process is not None
    watch = Stopwatch(gateway.process, *descendants(gateway.process))
    stopped_s = wait_until(lambda: not gateway.busy(), within_s=STARTS_WITHIN_S, what="the engine has stopped")
    assert stopped_s - watch.withheld_s <= STOPS_WITHIN_S


def send(gateway: Gateway, body: JSON) -> socket.socket:
    """A request on a connection of its own, which the test can drop at any moment."""
    address = urlsplit(gateway.url)
    assert address.hostname is not None
    connection = socket.create_connection((address.hostname, address.port or 80), timeout=STARTS_WITHIN_S)
    payload = json.dumps(body).encode()
    head = (
        f"POST {CHAT} HTTP/1.1\r\nhost: {address.netloc}\r\nauthorization: Bearer {gateway.key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(payload)}\r\n\r\n"
    )
    connection.sendall(head.encode() + payload)
    return connection


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
def test_the_engine_stops(gateway: Gateway, client: Client, stream: bool, n: int) -> None:
    """Seen from the engine's side, not from the gateway's."""
    with closing(send(gateway, client.body("Tell me a long story.", **FOR_EVER, stream=stream, n=n))) as connection:
        wait_until(gateway.busy, within_s=STARTS_WITHIN_S, what="the engine generates")
        if stream:
            assert b"200 OK" in connection.recv(4096)
    assert_stops(gateway)


def test_structured_answers_stop_too(gateway: Gateway, client: Client) -> None:
    """Whatever way the gateway reads a plain answer from the engine."""
    schema = {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 400}
    shape = {"type": "json_schema", "json_schema": {"name": "long", "schema": schema}}
    with closing(send(gateway, client.body(response_format=shape, max_tokens=1500))):
        wait_until(gateway.busy, within_s=STARTS_WITHIN_S, what="the engine generates")
    assert_stops(gateway)


def test_the_gateway_serves_on(gateway: Gateway, client: Client) -> None:
    """Ten clients that leave are followed by one that stays."""
    for _ in range(10):
        send(gateway, client.body("Tell me a long story.", **FOR_EVER, stream=True)).close()
    assert client.ask(max_tokens=3)["usage"]["completion_tokens"] > 0


def test_the_deadline_stops_the_engine(gateway: Gateway, client: Client) -> None:
    """`timeout_secs` is the gateway's to keep, whatever the engine does."""
    refusal = client.refuse("Tell me a long story.", status=504, **FOR_EVER, timeout_secs=1)
    assert refusal.code == "deadline_exceeded"
    assert_stops(gateway)
    stream = client.stream("Tell me a long story.", **FOR_EVER, timeout_secs=3)  # begins, on a busy machine too
    assert not stream.done
    assert stream.events[-1]["error"]["code"] == "deadline_exceeded"
    assert_stops(gateway)
