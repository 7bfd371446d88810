"""A node as an engine: what its gateway asks of it goes over the link, and its answers come back that way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct

from antiphon.chat import Choice, Delta, Prompt, Usage, Vector
from antiphon.engines import DeltaStream, Job, ModelFacts
from antiphon.engines.receipt import SignedReceipt, answer_sha256
from antiphon.errors import AntiphonError, EngineFailed
from antiphon.link import bodies
from antiphon.link.attempt import Attempt
from antiphon.link.frames import End, Hello, Kind
from antiphon.link.gateway_link import GatewayLink
from antiphon.link.remote_stream import RemoteStream

RETRY_AFTER_S = 2
ASK_S = 10.0  # for what an engine answers without generating


class NodeAnswer(Struct, frozen=True):
    """A finished answer: the job as the node saw it, the digest of what it sent, and what it says and signs of that.

    `node` is what it goes by at the broker; `waited_s` is how long the answer took from here.
    """

    node: str
    job: Job
    completion_sha256: str
    usage: Usage | None
    receipt: SignedReceipt | None
    waited_s: float = 0.0


class RemoteEngine:
    """One node. `hello` and `down` are set by whoever watches it; `on_answer` is told of each finished answer."""

    def __init__(
        self,
        name: str,
        link: GatewayLink,
        node: str,
        *,
        hello: Hello,
        on_answer: Callable[[NodeAnswer], None] | None = None,
    ) -> None:
        self.name = name
        self.hello = hello
        self.down = False
        self._link = link
        self._peer = link.peer(node)
        self._on_answer = on_answer

    @property
    def takes_grammar(self) -> bool:
        """Whether a GBNF grammar can bind the text."""
        return self.hello.takes_grammar

    @property
    def stops_plain(self) -> bool:
        """Whether it notices that nobody waits for a plain answer any more, and stops."""
        return self.hello.stops_plain

    @property
    def continues(self) -> bool:
        """Whether it goes on exactly where a closing assistant turn ends."""
        return self.hello.continues

    @property
    def rtt_s(self) -> float | None:
        """How long a message took to the node and back, when it was last measured."""
        return self._peer.rtt_s

    def unavailable(self) -> int | None:
        """Seconds after which to ask again, while the node or the way to it is known to be down."""
        return RETRY_AFTER_S if self.down else self._link.unavailable()

    async def models(self) -> list[ModelFacts]:
        """What the node serves, as it says just now."""
        return bodies.read(bodies.facts, await self._ask("models", b"\xc0", ASK_S))

    async def complete(self, job: Job) -> tuple[Choice, Usage]:
        """One finished choice, asked for in one piece."""
        asked, begun_at = bodies.for_node(job), asyncio.get_running_loop().time()
        body = await self._ask("complete", bodies.encode(asked), job.deadline_s, job.attempt)
        answer = bodies.read(bodies.answers, body)
        if self._on_answer is not None:
            waited_s = asyncio.get_running_loop().time() - begun_at
            digest = answer_sha256(answer.choice)
            self._on_answer(NodeAnswer(self._peer.name, asked, digest, answer.usage, answer.receipt, waited_s))
        return answer.choice, answer.usage

    async def open(self, job: Job) -> DeltaStream:
        """Begin a choice; a refusal shows in the stream's first `next`."""
        asked = bodies.for_node(job)
        link, peer, told, loop = self._link, self._peer, self._on_answer, asyncio.get_running_loop()
        begun_at = loop.time()

        def ended(digest: str, end: End) -> None:
            assert told is not None
            told(NodeAnswer(peer.name, asked, digest, end.usage, end.receipt, loop.time() - begun_at))

        def close(attempt: Attempt) -> None:
            link.end(peer, attempt)

        stream = RemoteStream(loop, close, on_end=None if told is None else ended)
        body = bodies.encode(asked)
        stream.reads(
            await link.open(
                peer,
                "stream",
                body,
                stream,
                remaining_s=job.deadline_s,
                attempt=job.attempt,
                seal_key=self.hello.seal_key,
            )
        )
        return stream

    async def count_prompt_tokens(self, job: Job) -> int | None:
        """The prompt's length by the node's own count, where it can tell."""
        return bodies.read(bodies.counts, await self._ask("count", bodies.encode(bodies.for_node(job)), ASK_S))

    async def embed(self, model: str, inputs: tuple[Prompt, ...]) -> tuple[tuple[Vector, ...], Usage]:
        """One vector for each input, in their order."""
        body = await self._ask("embed", bodies.encode(bodies.Texts(model, inputs)), None)
        told = bodies.read(bodies.vectors, body)
        if len(told.vectors) != len(inputs):
            raise EngineFailed("The node did not give one vector for each text.")
        return told.vectors, told.usage

    async def _ask(self, kind: Kind, body: bytes, remaining_s: float | None, attempt: str = "") -> bytes:
        """The whole answer to something; a node that has not finished stops when nobody waits any more."""
        reader = _Whole(self._link.limits.body_bytes_max)
        key = self.hello.seal_key
        opened = await self._link.open(
            self._peer, kind, body, reader, remaining_s=remaining_s, attempt=attempt, seal_key=key
        )
        reader.attempt = opened
        try:
            async with asyncio.timeout(self._link.limits.answer_s if remaining_s is None else remaining_s):
                return await reader.body
        except TimeoutError as error:
            raise EngineFailed("The node did not answer in time.") from error
        finally:
            self._link.end(self._peer, opened)

    async def close(self) -> None:
        """Let go of what is open at the node."""
        self._link.forget(self._peer)


class _Whole:
    """Joins the pieces of an answer."""

    def __init__(self, bytes_max: int) -> None:
        self.attempt: Attempt | None = None
        self.body: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._bytes_max = bytes_max
        self._pieces: list[bytes] = []
        self._size = 0

    def deltas(self, deltas: list[Delta]) -> None:
        """Nobody asked for a stream."""
        del deltas
        self.failed(EngineFailed("The node's answer is not what it should be."))

    def piece(self, data: bytes) -> None:
        """Keep it, within bounds."""
        self._size += len(data)
        if self._size > self._bytes_max:
            self.failed(EngineFailed("The node's answer is too large."))
            return
        self._pieces.append(data)
        if self.attempt is not None:
            self.attempt.read(1)

    def ended(self, end: End) -> None:
        """All pieces are there."""
        del end
        if not self.body.done():
            self.body.set_result(b"".join(self._pieces))

    def failed(self, error: AntiphonError) -> None:
        """There is no more."""
        if not self.body.done():
            self.body.set_exception(error)
