"""An engine behind HTTP: any server that speaks the OpenAI wire, with the differences its kind declares."""

from __future__ import annotations

import asyncio

import msgspec

from antiphon.chat import Choice, Delta, Prompt, Usage, Vector
from antiphon.engines import DeltaStream, Job, ModelFacts, Take, embedding_wire, facts
from antiphon.engines.delta_reader import DeltaReader
from antiphon.engines.endpoints import endpoint
from antiphon.engines.kinds import EngineKind
from antiphon.engines.refusals import refusal
from antiphon.engines.stops import stops
from antiphon.errors import EngineFailed, ServiceError, Unavailable
from antiphon.http.client import Answer, Pool
from antiphon.http.origin import ClientError, ConnectFailed

EMBEDDINGS_PATH = "/v1/embeddings"
ERROR_BYTES_MAX = 64 * 1024
RETRY_AFTER_S = 2
DONE_GRACE_S = 0.5  # after [DONE] the connection's own end is due at once; then it can be used again


class HttpEngine:
    """One server. `name` is shown to clients as the node's id; `api_key` goes to this server only."""

    def __init__(self, name: str, pool: Pool, kind: EngineKind, *, api_key: str | None = None) -> None:
        self.name = name
        self.kind = kind
        self.down = False  # set by whoever watches the server
        self._pool = pool
        headers = [("content-type", "application/json")]
        if api_key:
            headers.append(("authorization", f"Bearer {api_key}"))
        self._headers = tuple(headers)

    @property
    def takes_grammar(self) -> bool:
        """Whether a GBNF grammar can bind the text."""
        return self.kind.grammar_field is not None

    @property
    def stops_plain(self) -> bool:
        """Whether it notices that nobody waits for a plain answer any more, and stops."""
        return self.kind.stops_plain

    def unavailable(self) -> int | None:
        """Seconds after which to ask again, while it is known to be down."""
        return RETRY_AFTER_S if self.down else None

    async def models(self) -> list[ModelFacts]:
        """What the server lists, completed by what its kind tells elsewhere."""
        try:
            return await facts.read(self.get, self.kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise EngineFailed("The engine's list of models is not the JSON it should be.") from error

    async def complete(self, job: Job) -> tuple[Choice, Usage]:
        """One finished choice, asked for in one piece."""
        to = endpoint(job)
        return to.decode_whole(await self._answer(to.path, to.encode(job, self.kind, stream=False), to.param))

    async def embed(self, model: str, inputs: tuple[Prompt, ...]) -> tuple[tuple[Vector, ...], Usage]:
        """One vector for each input, asked for in as many requests as the kind takes at once."""
        vectors: tuple[Vector, ...] = ()
        tokens = 0
        for first in range(0, len(inputs), self.kind.inputs_max):
            piece = inputs[first : first + self.kind.inputs_max]
            body = await self._answer(EMBEDDINGS_PATH, embedding_wire.encode(model, piece, self.kind), "input")
            found, usage = embedding_wire.decode(body, len(piece))
            vectors += found
            tokens += usage.prompt_tokens
        return vectors, Usage(prompt_tokens=tokens)

    async def _answer(self, path: str, body: bytes, param: str) -> bytes:
        """The body of a good answer; raises the engine's refusal, which is about `param`."""
        try:
            answer = await self._pool.request("POST", path, headers=self._headers, body=body)
        except ClientError as error:
            raise failure(error) from error
        if answer.status != 200:
            raise refusal(answer.status, answer.headers, answer.body[:ERROR_BYTES_MAX], param)
        return answer.body

    async def open(self, job: Job) -> DeltaStream:
        """Begin a choice; a refusal shows in the stream's first `next`."""
        to = endpoint(job)
        body = to.encode(job, self.kind, stream=True)
        try:
            answer = await self._pool.send("POST", to.path, headers=self._headers, body=body)
        except ClientError as error:
            raise failure(error) from error
        sampling = job.sampling
        reader = DeltaReader(to.decode, top_logprobs=sampling.top_logprobs, stops=stops(sampling, self.kind))
        return HttpDeltaStream(answer, asyncio.get_running_loop(), reader, param=to.param)

    async def count_prompt_tokens(self, job: Job) -> int | None:
        """The prompt's length by the model's own template and tokenizer, where the server tells it."""
        try:
            return await facts.count_prompt_tokens(self.post, job, self.kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    async def get(self, path: str) -> bytes | None:
        """The body of a 200 answer to GET, None for any other status."""
        return await self._ask("GET", path, b"")

    async def post(self, path: str, body: bytes) -> bytes | None:
        """The body of a 200 answer to POST, None for any other status."""
        return await self._ask("POST", path, body)

    async def _ask(self, method: str, path: str, body: bytes) -> bytes | None:
        try:
            answer = await self._pool.request(method, path, headers=self._headers, body=body)
        except ClientError as error:
            raise failure(error) from error
        return answer.body if answer.status == 200 else None

    async def close(self) -> None:
        """Drop all connections."""
        self._pool.close()


def failure(error: ClientError) -> ServiceError:
    """What a failed exchange means to the caller."""
    if isinstance(error, ConnectFailed):
        return Unavailable("The node that serves this model cannot be reached.", retry_after_s=RETRY_AFTER_S)
    return EngineFailed("The engine's answer broke off.")


class HttpDeltaStream:
    """A stream of deltas over one answer. It ends well only after a finish_reason: a clean end is no success."""

    def __init__(self, answer: Answer, loop: asyncio.AbstractEventLoop, reader: DeltaReader, *, param: str) -> None:
        self._answer = answer
        self._loop = loop
        self._reader = reader
        self._param = param
        self._admitted = False
        self._waiter: asyncio.Future[list[Delta] | None] | None = None
        self._take: Take | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0

    @property
    def usage(self) -> Usage | None:
        """What the engine says it took, once it said so."""
        return self._reader.usage

    async def next(self, until: float, take: Take | None = None) -> list[Delta] | None:
        """As DeltaStream.next; None may come early, since the timer is moved as seldom as possible."""
        if self._reader.cut:
            return []
        done = self._reader.done
        self._arm(min(until, self._loop.time() + DONE_GRACE_S) if done else until)
        try:
            if not self._admitted and not await self._admit():
                return None
            deltas = self._poll()
            if deltas is None and self._timer is not None:
                deltas = await self._follow(take) or self._poll()
        except ClientError as error:
            if self._reader.finished:
                return []
            raise failure(error) from error
        if self._reader.cut:
            self._answer.close()  # the engine knows nothing of the stop text
        if deltas or (deltas is None and not self._reader.done):
            return deltas
        if not self._reader.finished:
            raise EngineFailed("The engine ended its answer without finishing it.")
        return []

    def _poll(self) -> list[Delta] | None:
        """The deltas in what has arrived, [] at the end, None when there are none yet."""
        if self._reader.failure is not None:
            raise self._reader.failure
        while data := self._answer.poll():
            deltas = self._reader.feed(data)
            if deltas:
                return deltas
        return None if data is None else []

    async def _follow(self, take: Take | None) -> list[Delta] | None:
        """Wait for deltas that are not taken; None for anything else that `next` must see to."""
        self._take = take
        self._waiter = self._loop.create_future()
        self._answer.follow(self)
        try:
            return await self._waiter
        finally:
            self._answer.follow(None)

    def arrived(self, data: bytes) -> None:
        """Hand on what arrived while `next` waits; called by the engine's connection."""
        take = self._take
        try:
            deltas = self._reader.feed(data)
            if deltas and (take is None or not take(deltas) or self._reader.failure is not None):
                self._wake(deltas if take is None else None)
        except Exception as error:  # noqa: BLE001 - whatever it was, the waiting task is the one to be told
            self._wake(error)

    def ended(self) -> None:
        """Let `next` see how it ended; called by the engine's connection."""
        self._wake(None)

    def _wake(self, result: list[Delta] | Exception | None) -> None:
        """Let a waiting `next` go on. What arrives before its task's turn comes is kept by the connection."""
        self._answer.follow(None)
        if self._waiter is None or self._waiter.done():
            return
        if isinstance(result, Exception):
            self._waiter.set_exception(result)
        else:
            self._waiter.set_result(result)

    async def _admit(self) -> bool:
        """Read the head: True for a stream, False when woken before it came; raises the engine's refusal."""
        answer = self._answer
        if not await answer.head():
            return False
        if answer.status != 200:
            body = await answer.read(bytes_max=ERROR_BYTES_MAX)
            raise refusal(answer.status, answer.headers, body, self._param)
        if b"event-stream" not in answer.headers.get(b"content-type", b""):
            raise EngineFailed("The engine did not answer with a stream.")
        self._admitted = True
        return True

    def _arm(self, until: float) -> None:
        """One timer a stream, moved only when it would ring too late: most calls cost nothing."""
        if self._timer is not None:
            if self._rings_at <= until:
                return
            self._timer.cancel()
        self._rings_at = until
        self._timer = self._loop.call_at(until, self._ring)

    def _ring(self) -> None:
        """Uvloop may ring a little early, so that the handle's own time does not tell whether it has rung."""
        self._timer = None
        self._answer.wake()  # while the head is awaited
        self._wake(None)

    def close(self) -> None:
        """End it; an unfinished engine sees its connection close and stops."""
        if self._timer is not None:
            self._timer.cancel()
        self._answer.close()
