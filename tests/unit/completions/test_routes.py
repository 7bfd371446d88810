"""The chat handler: from the bytes of a request to the bytes of its answer, on an engine that plays scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any  # a request body is plain JSON

import msgspec
import pytest

from antiphon.chat import ChatRequest, Choice, Delta, ToolCallDelta
from antiphon.clock import ManualClock
from antiphon.completions.answering import Answering
from antiphon.completions.dialects import RequestBounds
from antiphon.completions.doors import DOORS, Door
from antiphon.completions.plan import Bounds
from antiphon.completions.prepare import Preparation
from antiphon.completions.recall import Recall
from antiphon.completions.record import Record
from antiphon.completions.routes import ChatRoutes, sent_again
from antiphon.completions.service import Completions
from antiphon.completions.tool_loop import ToolLoop
from antiphon.errors import BadRequest, EngineFailed, ModelNotFound, Unavailable
from antiphon.http.exchange import Exchange
from antiphon.ids import seeded
from antiphon.key import Key
from antiphon.models.catalogue import Catalogue
from antiphon.models.placement import Placement
from antiphon.providers.model import ServerTool
from antiphon.providers.service import Providers
from antiphon.testing.raw_client import events_of
from antiphon.vision.admission import ImageAdmission
from antiphon.vision.limits import ImageLimits
from antiphon.wheel import TimerWheel
from tests.unit.completions.paying import uncharged
from tests.unit.completions.scripted import BOUNDS, BREAKING, HELLO, USAGE, ScriptedEngine, model_of
from tests.unit.http.recording import RecordingWire

ANSWER = (Choice(content="Hello"), USAGE)
BEATING = msgspec.structs.replace(BOUNDS, heartbeat_s=0.02)


class CountingWire(RecordingWire):
    """Remembers each write by itself, and when the handler waited for the client."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.drained_after: list[int] = []
        self.written = asyncio.Event()

    def write(self, data: bytes) -> None:
        """Keep it."""
        super().write(data)
        self.writes.append(data)
        self.written.set()

    async def drain(self) -> None:
        """The client reads at last."""
        self.drained_after.append(len(self.writes))
        self.congested = False


class Served:
    """A chat handler over one model, and what it noted."""

    def __init__(
        self,
        *engines: ScriptedEngine,
        bounds: Bounds = BOUNDS,
        strict: bool = False,
        native_tools: bool = False,
        door: Door = DOORS[0],
        recall: Recall | None = None,
    ) -> None:
        self.records: list[Record] = []
        catalogue = Catalogue()
        catalogue.replace("tests", (model_of(*engines, native_tools=native_tools),))
        completions = Completions(
            Preparation(catalogue, ImageAdmission(ImageLimits()), bounds, ids=seeded(9), projects=dict),
            Placement(queue_max=9),
            bounds,
            ids=seeded(1),
            wheel=TimerWheel(asyncio.get_running_loop(), tick_s=0.002),
            on_end=self.records.append,
        )
        limits = RequestBounds(n_max=4, messages_max=8, strict_fields=strict)
        answering = self.answering = answering_of(completions)
        clock, ids = ManualClock(), seeded(2)
        self.routes = ChatRoutes(door, answering, limits, uncharged(), clock=clock, ids=ids, recall=recall)

    async def ask(self, key: Key | None = Key("alice"), **body: Any) -> CountingWire:
        """The answer to this body, completed by a model and a message."""
        exchange, wire = asked(**body)
        exchange.key = key
        async with asyncio.timeout(20):
            await self.routes.chat(exchange)
        assert exchange.responded
        return wire


def answering_of(completions: Completions) -> Answering:
    """Answers without tools of the server."""

    async def nothing(_names: Sequence[str], _request: ChatRequest) -> tuple[ServerTool, ...]:
        return ()

    providers = Providers(clock=ManualClock(), on_trouble=lambda _provider, _reason: None)
    loop = ToolLoop(completions, providers, ids=seeded(3), on_end=lambda _record: None, heartbeat_s=60)
    return Answering(completions, loop, nothing)


def asked(**body: Any) -> tuple[Exchange, CountingWire]:
    """An exchange whose request has arrived."""
    wire = CountingWire()
    exchange = Exchange(wire, "POST", "/v1/chat/completions", "", {})
    whole = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]} | body
    exchange.add(msgspec.json.encode(whole), 1 << 20)
    exchange.complete = True
    return exchange, wire


def unchunked(body: bytes) -> bytes:
    """A chunked body's content; the last chunk must be there."""
    content = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        content, body = content + body[:length], body[length + 2 :]
        if not length:
            assert body == b""
            return content
    raise AssertionError("no last chunk")


async def test_a_plain_answer() -> None:
    """One write with the whole completion, as JSON of known length."""
    wire = await Served(ScriptedEngine(answers=(ANSWER,))).ask()
    assert len(wire.writes) == 1
    assert wire.headers["content-type"] == "application/json"
    assert wire.body == (
        b'{"id":"chatcmpl-' + seeded(2).make("").encode() + b'","object":"chat.completion","created":1700000000,'
        b'"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello","refusal":null},'
        b'"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9,'
        b'"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},'
        b'"metadata":{"node_id":"node-1"}}'
    )


async def test_a_stream() -> None:
    """Events with the headers that proxies need, the closing mark in the last write, no usage unless asked for."""
    wire = await Served(ScriptedEngine(opens=(HELLO,))).ask(stream=True)
    assert wire.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (wire.headers["cache-control"], wire.headers["x-accel-buffering"]) == ("no-cache", "no")
    *chunks, done = events_of(unchunked(wire.body))
    assert done == "[DONE]"
    choices = [msgspec.json.decode(chunk)["choices"][0] for chunk in chunks]
    assert [choice["delta"] for choice in choices] == [{"role": "assistant", "content": "Hel"}, {"content": "lo"}, {}]
    assert [choice["finish_reason"] for choice in choices] == [None, None, "stop"]
    assert b'"usage"' not in wire.body


async def test_a_stream_with_usage() -> None:
    """The usage has an event of its own, without choices, before the mark."""
    wire = await Served(ScriptedEngine(opens=(HELLO,))).ask(stream=True, stream_options={"include_usage": True})
    last = msgspec.json.decode(events_of(unchunked(wire.body))[-2])
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 9


async def test_what_arrives_together_is_written_together() -> None:
    """Five deltas of one read are one write."""
    steps = ([Delta(content="a")], [Delta(content=c) for c in "bcdef"], [Delta(finish_reason="stop")])
    wire = await Served(ScriptedEngine(opens=(steps,))).ask(stream=True)
    assert [write.count(b"data: {") for write in wire.writes] == [0, 1, 5, 1, 0]


async def test_a_slow_client_is_waited_for() -> None:
    """After a write that the client has no room for, nothing more is written until it has."""
    served = Served(ScriptedEngine(opens=(HELLO,)))
    exchange, wire = asked(stream=True)
    exchange.key = Key("alice")
    wire.congested = True
    await served.routes.chat(exchange)
    assert wire.drained_after == [2]


async def test_choices_of_one_answer() -> None:
    """`n` choices come interleaved, each with its own index and end."""
    served = Served(ScriptedEngine(opens=(HELLO, HELLO)))
    events = events_of(unchunked((await served.ask(stream=True, n=2)).body))
    ends = [choice["index"] for event in events[:-1] for choice in msgspec.json.decode(event)["choices"]
            if choice["finish_reason"]]  # fmt: skip
    assert sorted(ends) == [0, 1]
    assert events[-1] == "[DONE]"


@pytest.mark.parametrize(("dria", "prefix"), [(True, "gen-"), (False, "chatcmpl-")])
async def test_ids_follow_the_key(dria: bool, prefix: str) -> None:
    """Each user sees the ids that they know; every event of a stream has the same one."""
    served = Served(ScriptedEngine(opens=(HELLO,), answers=(ANSWER,)))
    plain = msgspec.json.decode((await served.ask(Key("k", dria=dria))).body)
    assert plain["id"].startswith(prefix)
    events = events_of(unchunked((await served.ask(Key("k", dria=dria), stream=True)).body))
    (only,) = {msgspec.json.decode(event)["id"] for event in events[:-1]}
    assert only.startswith(prefix)
    assert only != plain["id"]


async def test_ignored_fields_are_named() -> None:
    """In a header of either answer, as far as they can stand in one."""
    served = Served(ScriptedEngine(opens=(HELLO,), answers=(ANSWER,)))
    odd: dict[str, Any] = {"grammar": "root ::= [a]", "zürich": 1, "x\r\ny: z": 2}
    for stream in (False, True):
        wire = await served.ask(stream=stream, **odd)
        assert wire.headers["x-ignored-fields"] == "grammar, ?, ?"
    assert "x-ignored-fields" not in (await Served(ScriptedEngine(answers=(ANSWER,))).ask()).headers


async def test_unknown_fields_may_be_refused() -> None:
    """Where the operator wants it so, before any engine is asked."""
    engine = ScriptedEngine()
    with pytest.raises(BadRequest, match="grammar"):
        await Served(engine, strict=True).ask(grammar="x")
    assert engine.jobs == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"temperature": 3}, BadRequest),
        ({"n": 5}, BadRequest),
        ({"messages": [{}] * 9}, BadRequest),
        ({"model": "x"}, ModelNotFound),
    ],
)
async def test_a_bad_request_reaches_no_engine(body: dict[str, Any], error: type[Exception]) -> None:
    """The dialect's and the catalogue's refusals come out as they are."""
    engine = ScriptedEngine()
    with pytest.raises(error):
        await Served(engine).ask(**body)
    assert engine.jobs == []


@pytest.mark.parametrize("stream", [False, True])
async def test_a_failure_before_the_answer_keeps_its_status(stream: bool) -> None:
    """Nothing is written: whoever called renders the error."""
    served = Served(ScriptedEngine(opens=((EngineFailed("broke"),),), answers=(EngineFailed("broke"),)))
    exchange, wire = asked(stream=stream)
    exchange.key = Key("alice")
    with pytest.raises(EngineFailed):
        await served.routes.chat(exchange)
    assert wire.sent == b""
    assert [record.failure for record in served.records] == ["engine_failed"]


async def test_a_failure_within_the_stream_is_its_last_event() -> None:
    """The text so far stands, an error event follows, and nothing says that it was done."""
    steps = ([Delta(content="Hel")], EngineFailed("It broke."))
    served = Served(ScriptedEngine(opens=(steps,)), bounds=BREAKING)
    events = events_of(unchunked((await served.ask(stream=True)).body))
    assert msgspec.json.decode(events[0])["choices"][0]["delta"]["content"] == "Hel"
    assert msgspec.json.decode(events[1]) == {
        "error": {"message": "It broke.", "type": "server_error", "param": None, "code": "engine_failed"}
    }
    assert len(events) == 2
    assert [record.failure for record in served.records] == ["engine_failed"]


async def test_a_waiting_stream_beats() -> None:
    """Comments keep the line open until the first token comes; the heart beats between tokens too."""
    steps = (None, [Delta(content="Hi")], None, [Delta(finish_reason="stop")])
    wire = await Served(ScriptedEngine(opens=(steps,)), bounds=BEATING).ask(stream=True)
    body = unchunked(wire.body)
    assert body.startswith(b": heartbeat\n\n")
    assert body.count(b": heartbeat\n\n") >= 2
    assert body.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("n", [1, 2])
async def test_a_plain_answer_that_fails_after_a_beat(n: int) -> None:
    """Blank lines have said 200 already: the error is the JSON behind them."""
    engine = ScriptedEngine(answers=(None,), opens=((None,) * 50, (None,) * 50))
    wire = await Served(engine, bounds=BEATING).ask(timeout_secs=0.8, n=n)
    body = unchunked(wire.body)
    assert (wire.status, wire.headers["content-type"]) == (200, "application/json")
    assert body.startswith(b"\n")
    assert msgspec.json.decode(body)["error"]["code"] == "deadline_exceeded"


async def test_a_plain_answer_after_a_beat() -> None:
    """What follows the blank lines is the same JSON."""
    steps = (None, [Delta(content="Hi")], [Delta(finish_reason="stop")])
    engine = ScriptedEngine(opens=(steps, steps))
    body = unchunked((await Served(engine, bounds=BEATING).ask(n=2)).body)
    assert body.startswith(b"\n")
    assert [choice["message"]["content"] for choice in msgspec.json.decode(body)["choices"]] == ["Hi", "Hi"]


async def test_a_client_that_leaves_stops_the_engine() -> None:
    """The cancelled handler closes the engine's stream, and what became of it is noted."""
    engine = ScriptedEngine(opens=(([Delta(content="a")], None),))
    served = Served(engine)
    exchange, wire = asked(stream=True)
    exchange.key = Key("alice")
    serving = asyncio.create_task(served.routes.chat(exchange))
    async with asyncio.timeout(20):
        await wire.written.wait()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert [stream.closed for stream in engine.streams] == [True]
    assert [record.failure for record in served.records] == ["client_gone"]


async def test_a_stream_that_somebody_ended_failed() -> None:
    """Its client was there until the end, so the record does not say that it left."""
    engine = ScriptedEngine(opens=(([Delta(content="a")], None),))
    served = Served(engine)
    exchange, wire = asked(stream=True)
    exchange.key = Key("alice")
    exchange.task = asyncio.create_task(served.routes.chat(exchange))
    await wire.written.wait()
    exchange.end(Unavailable("The gateway ends."))
    with pytest.raises(asyncio.CancelledError):
        await exchange.task
    assert [record.failure for record in served.records] == ["unavailable"]


async def test_busy_nodes_say_when_to_come_back() -> None:
    """An engine that is down is 503 with its own wait, streamed or not."""
    for stream in (False, True):
        with pytest.raises(Unavailable) as refused:
            await Served(ScriptedEngine(wait_s=7)).ask(stream=stream)
        assert refused.value.retry_after_s == 7


async def test_tool_calls_are_streamed_in_order() -> None:
    """The first piece names the call, the others bring its arguments."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    calls = [ToolCallDelta(0, "call_1", "f", ""), ToolCallDelta(0, arguments='{"a"'), ToolCallDelta(0, arguments=":1}")]
    steps = (*([Delta(tool_calls=(call,))] for call in calls), [Delta(finish_reason="tool_calls")])
    served = Served(ScriptedEngine(opens=(steps,)), native_tools=True)
    events = events_of(unchunked((await served.ask(stream=True, tools=[tool])).body))
    deltas = [msgspec.json.decode(event)["choices"][0]["delta"] for event in events[:-1]]
    assert deltas[0]["tool_calls"] == [
        {"function": {"name": "f", "arguments": ""}, "index": 0, "id": "call_1", "type": "function"}
    ]
    assert (
        "".join(call["function"]["arguments"] for delta in deltas for call in delta.get("tool_calls", [])) == '{"a":1}'
    )


async def test_a_key_is_needed() -> None:
    """A route without a key cannot serve chat by mistake."""
    with pytest.raises(BadRequest):
        await Served(ScriptedEngine()).ask(None)


async def test_a_request_can_name_the_nodes_that_may_answer() -> None:
    """By its header; where none of them serves the model it is told so."""
    served = Served(ScriptedEngine("node-1"), ScriptedEngine("node-2", answers=((Choice(content="Hello"), USAGE),)))
    for named, status in ((b"node-3, node-2", 200), (b"node-3", 503)):
        exchange, wire = asked()
        exchange.headers[b"x-node"] = named
        exchange.key = Key("alice")
        if status == 503:
            with pytest.raises(Unavailable, match="is bound to"):
                await served.routes.chat(exchange)
        else:
            await served.routes.chat(exchange)
            assert b"Hello" in b"".join(wire.writes)


@pytest.mark.parametrize(("count", "again"), [(None, False), (b"0", False), (b"1", True), (b"2", True)])
async def test_a_client_tells_that_it_sends_again(count: bytes | None, again: bool) -> None:
    """As the SDKs of OpenAI and Anthropic count their tries."""
    exchange, _ = asked()
    if count is not None:
        exchange.headers[b"x-stainless-retry-count"] = count
    assert sent_again(exchange) is again
