"""Every fault of the engine is seen on a real socket: what other tests lean on must really break."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.testing.fault_engine import DIED, FaultEngine
from antiphon.testing.faults import FAULT_NAMES, Fault, FaultName
from antiphon.testing.plan import Habits
from antiphon.testing.raw_client import RawClient, RawResponse, request_bytes
from antiphon.testing.record import Exchange
from antiphon.testing.text import expected_text
from tests.fixtures.machine import Stopwatch

MESSAGES = [{"role": "user", "content": "hello"}]
CHAT = "/v1/chat/completions"
COUNT = 6
PAST_THE_LIMIT = expected_text(MESSAGES, 40).split(" ")[-1].encode()


@pytest.fixture
async def engine() -> AsyncIterator[FaultEngine]:
    """An engine that runs for one test."""
    async with FaultEngine() as running:
        yield running


def body(stream: bool, **fields: Any) -> dict[str, Any]:  # Any: JSON
    """A request for six tokens."""
    return {"model": "m", "messages": MESSAGES, "max_tokens": COUNT, "stream": stream, **fields}


async def asked(engine: FaultEngine, stream: bool, *, timeout_s: float = 5.0) -> RawResponse:
    """The answer to one request on a connection of its own."""
    async with await RawClient.connect(engine.url) as client:
        await client.send(request_bytes(CHAT, body(stream)))
        return await client.response(timeout_s=timeout_s)


def text_of(response: RawResponse) -> str:
    """The text of an answer, streamed or plain; events that are no chunks are left out."""
    if "event-stream" not in response.headers["content-type"]:
        return str(response.json()["choices"][0]["message"]["content"])
    chunks = [json.loads(event) for event in response.events() if event.startswith("{")]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk.get("choices", []))


async def until_talking(engine: FaultEngine, exchange: Exchange) -> None:
    """Return once the engine made a token for this request."""
    await engine.record.wait_for(lambda: exchange.tokens > 0, timeout_s=5)


@pytest.mark.parametrize("stream", [False, True])
async def test_good_answers_share_a_connection(engine: FaultEngine, stream: bool) -> None:
    """Without a fault the answer is the expected text, twice on one connection."""
    async with await RawClient.connect(engine.url) as client:
        for _ in range(2):
            await client.send(request_bytes(CHAT, body(stream)))
            response = await client.response()
            assert (response.status, response.ending) == (200, "whole")
            assert text_of(response) == expected_text(MESSAGES, COUNT)
    assert engine.connections_accepted == 1
    assert [exchange.tokens for exchange in engine.requests] == [COUNT, COUNT]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", FAULT_NAMES)
async def test_every_fault_is_injected(engine: FaultEngine, name: FaultName, stream: bool) -> None:
    """Each fault says on its exchange that it struck, so that a test can count it."""
    engine.push(Fault(name=name, k=2, size_bytes=100_000, delay_s=0.001))
    async with await RawClient.connect(engine.url) as client:
        await client.send(request_bytes(CHAT, body(stream)))
        if stream and name.startswith("endless"):
            await client.until(PAST_THE_LIMIT if name == "endless" else b'"content":" "')
        elif name == "chatter":
            await client.until(b": ping\n\n: ping" if stream else b"\n\n\n")
        else:
            await client.response()
    assert (await engine.request()).struck


@pytest.mark.parametrize(
    ("fault", "ending", "tokens"),
    [
        (Fault(name="close", k=-1), "closed", 0),
        (Fault(name="close", k=3), "closed", 3),
        (Fault(name="reset", k=-1), "reset", 0),
        (Fault(name="reset", k=3, delay_s=0.05), "reset", 3),
        (Fault(name="exit", k=3, delay_s=0.05), "reset", 3),
        (Fault(name="end_early", k=3), "whole", 3),
        (Fault(name="bad_chunking", k=3, kind="size"), "malformed", 3),
        (Fault(name="bad_chunking", k=3, kind="crlf"), "malformed", 3),
        (Fault(name="bad_chunking", k=3, kind="overflow"), "malformed", 3),
        (Fault(name="close", k=99), "closed", COUNT),
    ],
)
async def test_streams_break_off_after_k_tokens(engine: FaultEngine, fault: Fault, ending: str, tokens: int) -> None:
    """The stream holds exactly k tokens (all of them at most), no end, and breaks off in the fault's own way."""
    engine.push(fault)
    response = await asked(engine, stream=True)
    assert response.ending == ending
    assert b"[DONE]" not in response.body
    assert b'"length"' not in response.body
    assert tokens == 0 or text_of(response) == expected_text(MESSAGES, tokens)
    assert engine.requests[-1].tokens == tokens


async def test_cut_leaves_half_a_json_text(engine: FaultEngine) -> None:
    """A cut stream ends inside an event; a cut plain answer inside its body."""
    engine.push(Fault(name="cut", k=2), Fault(name="cut"))
    streamed, plain = await asked(engine, stream=True), await asked(engine, stream=False)
    assert (streamed.ending, plain.ending) == ("closed", "closed")
    assert not streamed.body.endswith(b"\n\n")
    with pytest.raises(ValueError, match=r"."):
        plain.json()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("k", [-1, 0, 3])
async def test_frozen_answer_says_nothing_more(engine: FaultEngine, stream: bool, k: int) -> None:
    """A frozen engine holds the connection and is silent until the client leaves."""
    engine.push(Fault(name="freeze", k=k))
    client = await RawClient.connect(engine.url)
    await client.send(request_bytes(CHAT, body(stream)))
    await engine.record.wait_for(lambda: engine.record.struck == 1, timeout_s=5)
    with pytest.raises(TimeoutError):
        await client.response(timeout_s=0.05)
    watch = Stopwatch()
    client.close()
    exchange = await engine.request()
    assert 0 <= await engine.disconnected(exchange) - watch.started_s < 0.5 + watch.withheld_s
    assert exchange.tokens == max(0, k)
    assert exchange.tokens_after(watch.started_s) == 0


async def test_frozen_engine_wakes_when_told(engine: FaultEngine) -> None:
    """With a delay the answer goes on after it and is whole."""
    engine.push(Fault(name="freeze", k=2, delay_s=0.1))
    watch = Stopwatch()
    response = await asked(engine, stream=True)
    assert watch.real_s >= 0.1
    assert text_of(response) == expected_text(MESSAGES, COUNT)


@pytest.mark.parametrize("reset", [False, True])
async def test_engine_stops_when_the_client_leaves(reset: bool) -> None:
    """Tokens end with the connection, and the moment of the disconnect is known, streamed or not."""
    async with FaultEngine(Habits(answer_tokens=10_000, token_delay_s=0.002)) as engine:
        for stream in (False, True):
            client = await RawClient.connect(engine.url)
            await client.send(request_bytes(CHAT, body(stream, max_tokens=None)))
            exchange = await engine.request(int(stream))
            await until_talking(engine, exchange)
            watch = Stopwatch()
            (client.reset if reset else client.close)()
            gone_s = await engine.disconnected(exchange)
            assert gone_s - watch.started_s < 0.5 + watch.withheld_s
            assert exchange.tokens_after(gone_s) == 0
            assert exchange.tokens < 1000
    assert engine.record.in_flight == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_status_faults_have_their_headers(engine: FaultEngine, stream: bool) -> None:
    """Status, body and the two headers are as ordered."""
    engine.push(Fault(name="status", status=429, retry_after_s=7, shape="string"))
    engine.push(Fault(name="status", status=302, location="http://169.254.169.254/", shape="empty"))
    limited, moved = await asked(engine, stream), await asked(engine, stream)
    assert (limited.status, limited.headers["retry-after"], limited.json()) == (429, "7", {"error": "Unauthorized"})
    assert (moved.status, moved.headers["location"], moved.body) == (302, "http://169.254.169.254/", b"")


async def test_one_byte_writes_carry_the_same_text(engine: FaultEngine) -> None:
    """Split characters join to the same text, streamed and plain."""
    engine.always(Fault(name="one_byte"))
    for stream in (False, True):
        assert text_of(await asked(engine, stream)) == expected_text(MESSAGES, COUNT)


async def test_huge_line_costs_the_engine_nothing(engine: FaultEngine) -> None:
    """A line of 100 MB is made only as fast as the client reads it."""
    engine.push(Fault(name="huge_line", k=1))
    async with await RawClient.connect(engine.url) as client:
        await client.send(request_bytes(CHAT, body(stream=True)))
        await client.until(b"x" * 1000)
    await engine.disconnected(await engine.request())
    engine.push(Fault(name="huge_line", k=1, size_bytes=2_000_000))
    assert len((await asked(engine, stream=True)).body) > 2_000_000


async def test_wrong_lengths_and_codings(engine: FaultEngine) -> None:
    """A length too long ends in a cut, one too short leaves bytes over, gzip comes unasked."""
    engine.push(Fault(name="wrong_length"), Fault(name="wrong_length", kind="short"), Fault(name="compressed"))
    long, short, packed = [await asked(engine, stream=False) for _ in range(3)]
    assert (long.ending, short.ending) == ("closed", "whole")
    assert long.json()["choices"]
    with pytest.raises(ValueError, match="truncated"):
        short.json()
    assert packed.headers["content-encoding"] == "gzip"
    assert json.loads(zlib.decompress(packed.body, wbits=31))["choices"]


async def test_kept_connections_are_closed_unannounced(engine: FaultEngine) -> None:
    """One engine resets the connection under the next request, another closes it while it is idle."""
    engine.push(Fault(name="keepalive_race"), Fault(name="close_idle", delay_s=0.01))
    async with await RawClient.connect(engine.url) as racing:
        await racing.send(request_bytes(CHAT, body(stream=False)))
        assert (await racing.response()).headers.get("connection") is None
        await racing.send(request_bytes(CHAT, body(stream=False)))
        assert (await racing.response()).ending == "reset"
    async with await RawClient.connect(engine.url) as idle:
        await idle.send(request_bytes(CHAT, body(stream=False)))
        assert (await idle.response()).ending == "whole"
        assert await idle.closed() == "closed"
    assert len(engine.requests) == 2


async def test_refused_connections_come_back(engine: FaultEngine) -> None:
    """A listener that is closed refuses, and listens again on the same port."""
    port = engine.port
    engine.refuse()
    with pytest.raises(ConnectionRefusedError):
        await RawClient.connect(engine.url)
    await engine.listen()
    assert engine.port == port
    assert (await asked(engine, stream=False)).status == 200


async def test_other_routes_answer_and_fail() -> None:
    """Models, health and token counts answer, and draw their own faults; a key guards all but health."""
    async with FaultEngine(Habits(model="m7"), api_key="k") as engine:
        engine.push(Fault(name="status", status=503, route="health"))
        found = {}
        for path in ("/health", "/v1/models", "/nowhere"):
            async with await RawClient.connect(engine.url) as client:
                headers = {"authorization": "Bearer k"}
                await client.send(request_bytes(path, method="GET", headers=headers))
                found[path] = (await client.response()).status
                await client.send(request_bytes("/tokenize", {"content": "x"}))
                assert (await client.response()).status == 401
    assert found == {"/health": 503, "/v1/models": 200, "/nowhere": 404}


@pytest.mark.parametrize("content", ["[[fault:nothing]]", "[[fault:close k=many]]"])
async def test_misspelt_fault_is_a_bad_request(engine: FaultEngine, content: str) -> None:
    """A fault that does not exist is refused aloud, so that no test passes for its absence."""
    async with await RawClient.connect(engine.url) as client:
        messages = [{"role": "user", "content": content}]
        await client.send(request_bytes(CHAT, body(stream=False, messages=messages)))
        assert (await client.response()).status == 400


@pytest.mark.parametrize("path", [CHAT, "/v1/completions"])
@pytest.mark.parametrize("depth", [500, 960, 100_000])
async def test_deeply_nested_bodies_are_bad_requests(engine: FaultEngine, path: str, depth: int) -> None:
    """Whether or not they can still be read; the connection and the engine go on."""
    nested = b'{"a":' * depth + b"1" + b"}" * depth
    async with await RawClient.connect(engine.url) as client:
        for data in (nested, b"[" * depth):
            await client.send(request_bytes(path, data))
            assert (await client.response()).status == 400
    assert text_of(await asked(engine, stream=False)) == expected_text(MESSAGES, COUNT)


async def test_process_serves_a_script_and_dies_of_poison(tmp_path: Path) -> None:
    """As a process it tells its URL, follows a script and `/control`, and a poison prompt kills it."""
    script = tmp_path / "script.json"
    script.write_text('{"push": [{"name": "status", "status": 500}]}')
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "antiphon.testing.fault_engine", "--port", "0", "--script", str(script)),
        stdout=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    try:
        url = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))["url"]
        async with await RawClient.connect(url) as client:
            await client.send(request_bytes(CHAT, body(stream=False)))
            assert (await client.response()).status == 500
            order = {"push": [{"name": "status", "status": 418}]}
            await client.send(request_bytes("/control", order))
            assert (await client.response()).json()["struck"] == 1
            await client.send(request_bytes(CHAT, body(stream=True)))
            assert (await client.response()).status == 418
            poison = [{"role": "user", "content": "[[fault:exit k=1]]"}]
            await client.send(request_bytes(CHAT, body(stream=True, messages=poison)))
            assert (await client.response()).ending in ("closed", "reset")
        assert await asyncio.wait_for(process.wait(), 5) == DIED
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
