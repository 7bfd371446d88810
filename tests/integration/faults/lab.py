"""A gateway over two fault engines, and the reading of what its clients get."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from antiphon.testing.fault_engine import FaultEngine
from antiphon.testing.faults import Fault
from antiphon.testing.gateway_process import GatewayProcess
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes
from antiphon.testing.script import Draws, Script
from antiphon.testing.text import expected_text
from tests.fixtures.machine import Stopwatch

CHAT = "/v1/chat/completions"
KEY = "sk-faults-2a97516c354b68848cdbd8f54a226a0a55b21ed1"
COUNT = 6
HEARTBEAT_S = 0.25
FIRST_TOKEN_S = 2.0
INTER_TOKEN_S = 1.2
WRITE_TIMEOUT_S = 1.0
GONE_S_MAX = 0.5
UP_AGAIN_S = 10.0
JSON = Any  # Any: the wire
MESSAGES: Sequence[dict[str, str]] = ({"role": "user", "content": "hello"},)
SETTINGS = """
[server]
write_timeout_s = {write}
[timeouts]
first_token_s = {first}
inter_token_s = {inter}
heartbeat_s = {beat}
[failover]
continuations_max = {continuations}
[[keys]]
name = "test"
key = "{key}"
[[upstreams]]
name = "a"
url = "{a}"
kind = "llama.cpp"
models = [{{ name = "one", upstream_name = "fault-model" }}, {{ name = "pair", upstream_name = "fault-model" }}]
[[upstreams]]
name = "b"
url = "{b}"
kind = "llama.cpp"
models = [{{ name = "pair", upstream_name = "fault-model" }}]
"""


class Lab(Struct, frozen=True):
    """The gateway; model `one` is served by engine `a`, model `pair` by both. Faults of `either` are for both."""

    gateway: GatewayProcess
    a: FaultEngine
    b: FaultEngine
    either: Draws

    def push(self, *faults: Fault) -> None:
        """Faults for the next requests, in order, on whichever engine they are made."""
        self.either.apply(Script(push=list(faults)))

    @property
    def struck(self) -> int:
        """How many faults have struck, on both engines."""
        return self.a.record.struck + self.b.record.struck

    async def ask(self, *, stream: bool, timeout_s: float = 10.0, **fields: JSON) -> RawResponse:
        """The answer to one request on a connection of its own."""
        async with await self.sent(stream=stream, **fields) as client:
            return await client.response(timeout_s=timeout_s)

    async def sent(self, *, stream: bool, **fields: JSON) -> RawClient:
        """A client that has sent its request and not yet read."""
        client = await RawClient.connect(self.gateway.url)
        await client.send(chat_bytes(stream=stream, **fields))
        return client

    def stopwatch(self) -> Stopwatch:
        """A stopwatch for what the gateway and the engines do; those are in this process."""
        return Stopwatch(self.gateway.pid)

    async def rest(self) -> None:
        """Both engines listen, without a fault, nothing is in flight, and the gateway knows that both are up."""
        self.either.apply(Script(clear=True))
        for engine in (self.a, self.b):
            engine.clear()
            await engine.listen()
            await engine.idle()
        async with asyncio.timeout(UP_AGAIN_S):
            while await self._nodes() < 2:
                await self._asked_again()

    async def _nodes(self) -> int:
        """How many engines the gateway counts for model `pair`."""
        told = (await self.gateway.ask("/health")).json()["models"]
        return next((int(model["nodes"]) for model in told if model["id"] == "pair"), 0)

    async def _asked_again(self) -> None:
        """Return once the gateway has asked one of the engines something."""

        async def asked(engine: FaultEngine) -> None:
            before = engine.record.exchanges[-1] if engine.record.exchanges else None
            await engine.record.wait_for(lambda: engine.record.exchanges[-1] is not before, timeout_s=UP_AGAIN_S)

        waits = [asyncio.create_task(asked(engine)) for engine in (self.a, self.b)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


def settings(a: FaultEngine, b: FaultEngine, *, continuations: int) -> str:
    """The gateway's settings over these engines; `continuations`: how often a broken answer goes on elsewhere."""
    times = {"first": FIRST_TOKEN_S, "inter": INTER_TOKEN_S, "beat": HEARTBEAT_S, "write": WRITE_TIMEOUT_S}
    return SETTINGS.format(key=KEY, a=a.url, b=b.url, continuations=continuations, **times)


def chat_bytes(*, stream: bool, **fields: JSON) -> bytes:
    """A whole request for six tokens from model `one`, with these fields changed or added."""
    body = {"model": "one", "messages": MESSAGES, "max_tokens": COUNT, "stream": stream, **fields}
    if stream:
        body.setdefault("stream_options", {"include_usage": True})
    return request_bytes(CHAT, body, headers={"authorization": f"Bearer {KEY}", "accept": "application/json"})


class Seen(Struct, frozen=True):
    """What a client made of an answer. `error` is the error object, from the body or the stream's last event."""

    status: int
    text: str
    finish_reasons: tuple[str, ...]
    usage: JSON
    error: JSON
    done: bool
    models: frozenset[str]
    beats: int


def seen(response: RawResponse) -> Seen:
    """Read an answer; fails when its framing is broken or its pieces do not fit together."""
    assert response.ending == "whole", f"the gateway's own answer broke off: {response}"
    assert response.headers.get("x-request-id")
    if "event-stream" in response.headers["content-type"]:
        return _seen_stream(response)
    answer = response.json()
    choices = answer.get("choices", [])
    return Seen(
        status=response.status,
        text="".join(choice["message"]["content"] or "" for choice in choices),
        finish_reasons=tuple(choice["finish_reason"] for choice in choices),
        usage=answer.get("usage"),
        error=answer.get("error"),
        done=True,
        models=frozenset([answer["model"]] if choices else []),
        beats=len(response.body) - len(response.body.lstrip(b"\n")),
    )


def _seen_stream(response: RawResponse) -> Seen:
    """Read a stream: chunks, perhaps one error, perhaps [DONE], in this order and nothing after them."""
    events = response.events()
    done = events[-1:] == ["[DONE]"]
    payloads = [json.loads(event) for event in (events[:-1] if done else events)]
    error = payloads[-1].get("error") if payloads else None
    chunks = payloads[:-1] if error else payloads
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    usages = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
    assert len(usages) <= 1, "usage is said once"
    assert all(choice["index"] == 0 for choice in choices)
    return Seen(
        status=response.status,
        text="".join(choice["delta"].get("content") or "" for choice in choices),
        finish_reasons=tuple(choice["finish_reason"] for choice in choices if choice.get("finish_reason")),
        usage=usages[0] if usages else None,
        error=error,
        done=done,
        models=frozenset(chunk["model"] for chunk in chunks),
        beats=response.body.count(b"\n: ") + response.body.startswith(b": "),
    )


def assert_good(answer: Seen, *, model: str = "one", count: int = COUNT, finish: str = "length") -> None:
    """The answer is whole: status, text to the letter, one end, the model that was asked for, true usage."""
    assert (answer.status, answer.error, answer.done) == (200, None, True), answer
    assert answer.text == expected_text(MESSAGES, count), answer
    assert answer.finish_reasons == (finish,), answer
    assert answer.models == {model}, answer
    assert answer.usage["completion_tokens"] == count, answer


def assert_broken(answer: Seen, *, tokens_max: int = COUNT) -> None:
    """The stream broke as promised: a true beginning, an error event, no end that looks like one."""
    assert answer.status == 200, answer
    assert answer.error is not None, answer
    assert answer.error["message"], answer
    assert not answer.done, answer
    assert not answer.finish_reasons, answer
    assert answer.usage is None, answer
    assert expected_text(MESSAGES, tokens_max).startswith(answer.text), answer


def assert_refused(answer: Seen, *statuses: int) -> None:
    """An error answer with one of these statuses and nothing of a completion in it."""
    assert answer.status in statuses, answer
    assert answer.error["message"], answer
    assert not answer.text, answer
