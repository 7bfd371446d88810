"""The two ends that `bench.link` measures, each a process: a node with a paced engine, and a gateway that reads it.

The node serves over NATS by its responder, or over HTTP by as little code as can write an event stream.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from pathlib import Path
from random import Random
from typing import cast

import msgspec
import uvloop
from msgspec import Struct

from antiphon.chat import Choice, Delta, Message, Prompt, Sampling, Usage, Vector
from antiphon.clock import SystemClock
from antiphon.engines import DeltaStream, Engine, Job, ModelFacts, Take
from antiphon.engines.kinds import KINDS
from antiphon.engines.upstream import HttpEngine
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
from antiphon.ids import Ids
from antiphon.link.connection import Connection
from antiphon.link.credentials import Credentials
from antiphon.link.frames import Hello
from antiphon.link.gateway_link import GatewayLink
from antiphon.link.remote import RemoteEngine
from antiphon.link.responder import Responder
from antiphon.link.seal import SealKeys
from antiphon.link.served import Duty

MODEL = "paced"
JOB = Job(MODEL, (Message("user", "Go on."),), Sampling(max_tokens=1_000_000))
WORD = " word"
FOREVER_S = 3600.0
NODE_KEY = b"the private key of a node here. "  # 32 bytes


class End(Struct, frozen=True):
    """What an end is told: which it is, how it is reached, how many streams there are, and how they are paced."""

    role: str  # node-nats, node-http, gateway-nats, gateway-http
    url: str
    credentials: Credentials | None
    streams: int
    pace_s: float
    report: str  # a file: the count of chunks, 8 bytes, little-endian
    seals: bool = True  # the node's answers, as nodes do by themselves


class PacedStream:
    """A word every `pace_s`, for ever."""

    def __init__(self, pace_s: float) -> None:
        self.usage: Usage | None = None
        self._pace_s = pace_s
        self._loop = asyncio.get_running_loop()
        self._take: Take | None = None
        self._kept: list[Delta] = []
        self._waiter: asyncio.Future[None] | None = None
        self._timer = self._loop.call_later(pace_s, self._tick)

    def _tick(self) -> None:
        self._timer = self._loop.call_later(self._pace_s, self._tick)
        deltas = [Delta(content=WORD)]
        if self._take is not None and self._take(deltas):
            return
        self._take = None
        self._kept += deltas
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
        """As DeltaStream.next; nobody's patience ends here."""
        del until
        if not self._kept:
            self._take = take
            self._waiter = self._loop.create_future()
            await self._waiter
        deltas, self._kept = self._kept, []
        return deltas

    def close(self) -> None:
        """No more words."""
        self._timer.cancel()


class PacedEngine:
    """Streams at one pace; it does nothing else."""

    name = "paced"
    takes_grammar = stops_plain = continues = True

    def __init__(self, pace_s: float) -> None:
        self._pace_s = pace_s

    async def models(self) -> list[ModelFacts]:
        """Its one model."""
        return [ModelFacts(MODEL)]

    async def open(self, job: Job) -> DeltaStream:
        """A stream of words."""
        del job
        return PacedStream(self._pace_s)

    async def complete(self, job: Job) -> tuple[Choice, Usage]:
        """Nothing to say."""
        del job
        return Choice(), Usage()

    async def count_prompt_tokens(self, job: Job) -> int | None:
        """It does not count."""
        del job
        return None

    async def embed(self, model: str, inputs: tuple[Prompt, ...]) -> tuple[tuple[Vector, ...], Usage]:
        """It does not embed."""
        del model, inputs
        return (), Usage()

    def unavailable(self) -> int | None:
        """Never."""
        return None

    async def close(self) -> None:
        """Nothing to let go of."""


class EventStream(asyncio.Protocol):
    """Answers any request with an event stream of the engine's words."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write."""
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's are of no class of asyncio's

    def data_received(self, data: bytes) -> None:
        """The whole request has come with the first bytes, since it is small."""
        if self._task is None and data:
            self._task = asyncio.create_task(self._serve())

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop with its client."""
        del exc
        if self._task is not None:
            self._task.cancel()

    async def _serve(self) -> None:
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        stream = await self._engine.open(JOB)
        try:
            while True:
                self._take(await stream.next(FOREVER_S, self._take) or [])
        finally:
            stream.close()

    def _take(self, deltas: list[Delta]) -> bool:
        events = [
            b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"paced","choices":[{"index":0,'
            b'"delta":{"content":%b},"logprobs":null,"finish_reason":null}]}\n\n' % msgspec.json.encode(delta.content)
            for delta in deltas
        ]
        data = b"".join(events)
        if data:
            self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))
        return True


async def node(end: End) -> None:
    """Serve until the process is ended."""
    engine = PacedEngine(end.pace_s)
    if end.credentials is None:
        host, port = end.url.removeprefix("http://").split(":")
        server = await asyncio.get_running_loop().create_server(lambda: EventStream(engine), host, int(port))
        await server.serve_forever()
    else:
        connection = connect(end)
        keys = SealKeys(NODE_KEY) if end.seals else None
        duty = Duty("n1", {MODEL: engine}, epoch=1, clock=SystemClock(), seal_keys=keys)
        Responder(connection, duty, slots=10_000, clock=SystemClock())
        connection.start()
        await asyncio.Event().wait()


async def gateway(end: End) -> None:
    """Read all streams, begun one after the other within their pace, and tell how many chunks came."""
    chunks = 0

    def take(deltas: list[Delta]) -> bool:
        nonlocal chunks
        chunks += len(deltas)
        return True

    async def read(engine: Engine, number: int) -> None:
        await asyncio.sleep(number * end.pace_s / end.streams)
        stream = await engine.open(JOB)
        while True:
            take(await stream.next(asyncio.get_running_loop().time() + FOREVER_S, take) or [])

    engine, report = await reached(end), Path(end.report)
    readers = [asyncio.create_task(read(engine, number)) for number in range(end.streams)]
    while not any(reader.done() for reader in readers):
        await asyncio.sleep(0.1)
        report.write_bytes(chunks.to_bytes(8, "little"))  # noqa: ASYNC240 - eight bytes in memory
    await asyncio.gather(*readers)


async def reached(end: End) -> Engine:
    """The node as an engine."""
    if end.credentials is None:
        return HttpEngine("n1", Pool(Origin.parse(end.url)), KINDS["openai"])
    connection = connect(end)
    link = GatewayLink(connection, "gw1", clock=SystemClock(), ids=Ids())
    connection.start()
    assert await connection.wait_connected(10)
    return RemoteEngine("n1", link, "n1", hello=Hello(1, seal_key=SealKeys(NODE_KEY).public if end.seals else b""))


def connect(end: End) -> Connection:
    """A connection that is not started yet."""
    credentials = end.credentials
    assert credentials is not None
    return Connection([end.url], lambda: credentials, name=end.role, random=Random(1))


if __name__ == "__main__":
    told = msgspec.msgpack.decode(base64.b64decode(sys.argv[1]), type=End)
    uvloop.run(gateway(told) if told.role.startswith("gateway") else node(told))
