"""A broker, a gateway's end and a node's end in one process, around an engine that plays what it is told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

from antiphon.chat import Choice, Delta, Message, Prompt, Sampling, Usage, Vector
from antiphon.clock import SystemClock
from antiphon.engines import DeltaStream, Engine, Job, ModelFacts, Take
from antiphon.ids import Ids
from antiphon.link import claims
from antiphon.link.broker import Broker, BrokerLimits, find_program, kept_port
from antiphon.link.broker_config import BrokerOptions, Cluster
from antiphon.link.client import Handler
from antiphon.link.connection import Connection
from antiphon.link.credentials import Authority, BrokerKeys, Credentials, new_seed
from antiphon.link.frames import Beat, Hello
from antiphon.link.gateway_link import GatewayLink
from antiphon.link.limits import LinkLimits
from antiphon.link.remote import NodeAnswer, RemoteEngine
from antiphon.link.responder import Responder
from antiphon.link.seal import KEY_BYTES, SealKeys
from antiphon.link.served import Duty, OnDone, Sign

CLOCK = SystemClock()
KEYS = BrokerKeys.make()
JOB = Job("m", (Message("user", "Hello"),), Sampling())
USAGE = Usage(prompt_tokens=7, completion_tokens=3)


class Played:
    """A stream that gives what is fed to it; [] once `finish` was called."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.closed = asyncio.Event()
        self.fed = 0
        self.read = 0
        self._steps: list[list[Delta]] = []
        self._arrived = asyncio.Event()

    def feed(self, *texts: str, finish: bool = False) -> None:
        """Let deltas arrive together."""
        deltas = [Delta(content=text) for text in texts]
        self.feed_deltas([*deltas, Delta(finish_reason="stop")] if finish else deltas)
        if finish:
            self.feed_deltas([])

    def feed_deltas(self, deltas: list[Delta]) -> None:
        """Let these arrive; an empty list is the end."""
        self.fed += 1
        self._steps.append(deltas)
        self._arrived.set()

    async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
        """As DeltaStream.next."""
        loop = asyncio.get_running_loop()
        while not self._steps:
            self._arrived.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._arrived.wait()
            except TimeoutError:
                return None
            while take is not None and self._steps and self._steps[0]:
                self.read += 1
                if not take(self._steps.pop(0)):
                    return None
            if loop.time() >= until:
                return None
        self.read += 1
        step = self._steps.pop(0)
        if not step:
            self.usage = USAGE
        return step

    def close(self) -> None:
        """Remember that it was ended."""
        self.closed.set()


class PlayedEngine:
    """An engine whose streams are played by the test."""

    def __init__(self, name: str = "local") -> None:
        self.name = name
        self.takes_grammar = True
        self.stops_plain = True
        self.continues = True
        self.jobs: list[Job] = []
        self.streams: list[Played] = []
        self.refuses: Exception | None = None
        self.asked = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.choice: Choice | None = Choice(content="whole")
        self.vectors: tuple[Vector, ...] = ()
        self._opened = asyncio.Condition()

    async def models(self) -> list[ModelFacts]:
        """Two, of which a node may offer one."""
        return [ModelFacts("m", 4096, vocabulary_size=10), ModelFacts("other")]

    async def open(self, job: Job) -> DeltaStream:
        """A stream for the test to play."""
        self.jobs.append(job)
        if self.refuses is not None:
            raise self.refuses
        stream = Played()
        async with self._opened:
            self.streams.append(stream)
            self._opened.notify_all()
        return stream

    async def stream(self, number: int = -1) -> Played:
        """Stream `number`, once it was opened."""
        least = number + 1 if number >= 0 else 1
        async with self._opened, asyncio.timeout(10):
            await self._opened.wait_for(lambda: len(self.streams) >= least)
        return self.streams[number]

    async def complete(self, job: Job) -> tuple[Choice, Usage]:
        """The choice; where there is none, it never comes."""
        self.jobs.append(job)
        if self.refuses is not None:
            raise self.refuses
        if self.choice is None:
            self.asked.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.set()
        assert self.choice is not None
        return self.choice, USAGE

    async def count_prompt_tokens(self, job: Job) -> int | None:
        """As long as its texts."""
        return sum(len(message.text) for message in job.messages)

    async def embed(self, model: str, inputs: tuple[Prompt, ...]) -> tuple[tuple[Vector, ...], Usage]:
        """What the test says, else four bytes for each."""
        return self.vectors or tuple(b"\x00\x00\x80?" for _ in inputs), Usage(prompt_tokens=len(inputs))

    def unavailable(self) -> int | None:
        """Never."""
        return None

    async def close(self) -> None:
        """Nothing to let go of."""


def broker_in(
    folder: Path,
    *,
    limits: BrokerLimits = BrokerLimits(),
    revoked: dict[str, int] | None = None,
    cluster: Cluster | None = None,
) -> Broker:
    """A broker of its own folder, not started."""
    options = BrokerOptions(folder=folder, port=kept_port(folder), cluster=cluster)
    authority = Authority(KEYS, CLOCK)
    return Broker(
        find_program(os.environ), options, authority, clock=CLOCK, random=Random(1), revoked=revoked, limits=limits
    )


def node_credentials(node: str, *, seconds: float = 3600) -> Credentials:
    """What a node connects with."""
    seed = new_seed()
    return Credentials(Authority(KEYS, CLOCK).node_token(node, claims.public_key(seed), seconds=seconds), seed)


# What becomes of a message that arrived: the messages that are handed on in its place.
Shim = Callable[[bytes, bytes | None], list[bytes | None]]


class ShimmedConnection(Connection):
    """A connection that loses, doubles or mixes up what arrives, as its test says."""

    shim: Shim | None = None

    def subscribe(self, subject: str, handler: Handler) -> None:
        """Hand on what the shim leaves."""

        def through(subject: bytes, data: bytes | None) -> None:
            for payload in [data] if self.shim is None else self.shim(subject, data):
                handler(subject, payload)

        super().subscribe(subject, through)


class Node:
    """One node's end."""

    def __init__(self, connection: Connection, responder: Responder, engine: PlayedEngine) -> None:
        self.connection = connection
        self.responder = responder
        self.engine = engine


class Lab:
    """All ends of one link, and what gateways were told."""

    def __init__(self, url: str, stack: AsyncExitStack, limits: LinkLimits) -> None:
        self.url = url
        self.limits = limits
        self.errors: list[str] = []
        self.beats: list[tuple[str, Beat]] = []
        self.heard = asyncio.Event()
        self.answers: list[NodeAnswer] = []
        self.seal_keys: dict[str, SealKeys] = {}
        self._stack = stack

    async def connect(self, credentials: Credentials, name: str, shim: Shim | None = None) -> Connection:
        """A connection that is not started yet, closed in the end; what arrives goes through `shim`."""
        connection = ShimmedConnection(
            [self.url], lambda: credentials, name=name, random=Random(2), on_error=self.errors.append
        )
        connection.shim = shim
        self._stack.push_async_callback(connection.close)
        return connection

    async def gateway(self, name: str = "gw1", shim: Shim | None = None) -> GatewayLink:
        """A connected gateway's end."""
        connection = await self.connect(Authority(KEYS, CLOCK).gateway_credentials(name), name, shim)
        link = GatewayLink(
            connection,
            name,
            clock=CLOCK,
            ids=Ids(),
            on_beat=self._beat,
            limits=self.limits,
        )
        self._stack.callback(link.close)
        connection.start()
        assert await connection.wait_connected(5)
        return link

    async def node(
        self,
        name: str = "n1",
        *,
        slots: int = 4,
        sign: Sign | None = None,
        engine: Engine | None = None,
        model: str = "m",
        shim: Shim | None = None,
        credentials: Credentials | None = None,
        on_done: OnDone | None = None,
        traces: bool = False,
        seals: bool = True,
    ) -> Node:
        """A connected node's end; one that does not seal is of an older version."""
        connection = await self.connect(credentials or node_credentials(name), name, shim)
        played = PlayedEngine()
        seal_keys = SealKeys(Ids().secret(KEY_BYTES)) if seals else None
        if seal_keys is not None:
            self.seal_keys[name] = seal_keys
        duty = Duty(
            name,
            {model: engine or played},
            epoch=7,
            clock=CLOCK,
            sign=sign,
            on_done=on_done,
            traces=traces,
            seal_keys=seal_keys,
        )
        responder = Responder(connection, duty, slots=slots, clock=CLOCK, limits=self.limits)
        self._stack.push_async_callback(responder.close)
        connection.start()
        assert await connection.wait_connected(5)
        return Node(connection, responder, played)

    def _beat(self, node: str, beat: Beat) -> None:
        self.beats.append((node, beat))
        self.heard.set()

    def engine(self, link: GatewayLink, node: str = "n1") -> RemoteEngine:
        """The node as the gateway asks it; finished answers are kept in `answers`."""
        keys = self.seal_keys.get(node)
        hello = Hello(7, takes_grammar=True, seal_key=b"" if keys is None else keys.public)
        return RemoteEngine(node, link, node, hello=hello, on_answer=self.answers.append)


@asynccontextmanager
async def lab(url: str, limits: LinkLimits = LinkLimits()) -> AsyncIterator[Lab]:
    """A link over a running broker; all ends are closed in the end."""
    async with AsyncExitStack() as stack:
        yield Lab(url, stack, limits)


async def rest(stream: DeltaStream, *, within_s: float = 10.0) -> str:
    """The text of a stream to its end."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    text = ""
    while (deltas := await stream.next(until)) != []:
        assert deltas is not None or loop.time() < until, "the stream fell silent"
        text += "".join(delta.content for delta in deltas or [])
    return text


def soon() -> float:
    """A time by which what is to come has come."""
    return asyncio.get_running_loop().time() + 10
