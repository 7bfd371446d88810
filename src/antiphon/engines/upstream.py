"""An engine behind HTTP: any server that speaks the OpenAI wire, with the differences its kind declares."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from msgspec import Struct

from antiphon.chat import Choice, Delta, Prompt, Usage, Vector
from antiphon.engines import DeltaStream, Job, ModelFacts, embedding_wire, facts, text_wire, wire
from antiphon.engines.kinds import EngineKind
from antiphon.engines.refusals import refusal
from antiphon.errors import EngineFailed, ServiceError, Unavailable
from antiphon.http.client import Answer, Pool
from antiphon.http.origin import ClientError, ConnectFailed
from antiphon.http.sse import EventReader

EMBEDDINGS_PATH = "/v1/embeddings"
ERROR_BYTES_MAX = 64 * 1024
RETRY_AFTER_S = 2
DONE_GRACE_S = 0.5  # after [DONE] the connection's own end is due at once; then it can be used again


class Endpoint(Struct, frozen=True):
    """Where one kind of job goes, how it is written, how its answer is read; `param` is what a refusal is about."""

    path: str
    param: str
    encode: Callable[..., bytes]
    decode: Callable[[bytes], tuple[Delta | None, Usage | None]]
    decode_whole: Callable[[bytes], tuple[Choice, Usage]]


CHAT = Endpoint("/v1/chat/completions", "messages", wire.encode, wire.decode, wire.decode_whole)
TEXT = Endpoint("/v1/completions", "prompt", text_wire.encode, text_wire.decode, text_wire.decode_whole)


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
        to = CHAT if job.prompt is None else TEXT
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
        to = CHAT if job.prompt is None else TEXT
        body = to.encode(job, self.kind, stream=True)
        try:
            answer = await self._pool.send("POST", to.path, headers=self._headers, body=body)
        except ClientError as error:
            raise failure(error) from error
        return HttpDeltaStream(answer, asyncio.get_running_loop(), to, top_logprobs=job.sampling.top_logprobs)

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

    def __init__(
        self, answer: Answer, loop: asyncio.AbstractEventLoop, endpoint: Endpoint, *, top_logprobs: int
    ) -> None:
        self.usage: Usage | None = None
        self._answer = answer
        self._endpoint = endpoint
        self._decode = endpoint.decode
        self._loop = loop
        self._reader = EventReader()
        self._top_logprobs = top_logprobs
        self._admitted = False
        self._thoughts = 0
        self._finished = False
        self._done = False
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        self._failure: EngineFailed | None = None

    async def next(self, until: float) -> list[Delta] | None:
        """The deltas that arrived together, [] at the end; EngineFailed when cut.

        None when nothing came until `until`; it may come early, since the timer is moved as seldom as possible.
        """
        if self._failure is not None:
            raise self._failure
        self._arm(min(until, self._loop.time() + DONE_GRACE_S) if self._done else until)
        try:
            if not self._admitted and not await self._admit():
                return None
            answer = self._answer
            while True:
                data = answer.poll()
                if data is None:
                    await answer.arrival()
                    data = answer.poll()
                    if data is None:
                        return self._end() if self._done else None
                if not data:
                    return self._end()
                deltas = self._parse(data)
                if deltas:
                    return deltas
                if self._timer is None:  # it rang while something arrived
                    return self._end() if self._done else None
        except ClientError as error:
            if self._finished:
                return []
            raise failure(error) from error

    async def _admit(self) -> bool:
        """Read the head: True for a stream, False when woken before it came; raises the engine's refusal."""
        answer = self._answer
        if not await answer.head():
            return False
        if answer.status != 200:
            body = await answer.read(bytes_max=ERROR_BYTES_MAX)
            raise refusal(answer.status, answer.headers, body, self._endpoint.param)
        if b"event-stream" not in answer.headers.get(b"content-type", b""):
            raise EngineFailed("The engine did not answer with a stream.")
        self._admitted = True
        return True

    def _parse(self, data: bytes) -> list[Delta]:
        deltas: list[Delta] = []
        for payload in self._reader.feed(data):
            if payload == b"[DONE]":
                self._done = True
            elif not self._done:
                try:
                    delta, usage = self._decode(payload)
                except EngineFailed as error:
                    self._failure = error
                    break
                if usage is not None:
                    self.usage = self._with_thoughts(usage)
                if delta is not None and not self._finished:
                    self._finished = delta.finish_reason is not None
                    self._thoughts += bool(delta.reasoning)
                    deltas.append(wire.trimmed(delta, self._top_logprobs) if delta.logprobs else delta)
        if self._failure is not None and not deltas:
            raise self._failure
        return deltas

    def _with_thoughts(self, usage: Usage) -> Usage:
        """An engine that does not count thinking apart sends it a token at a time."""
        if usage.reasoning_tokens or not self._thoughts:
            return usage
        return msgspec.structs.replace(usage, reasoning_tokens=min(self._thoughts, usage.completion_tokens))

    def _end(self) -> list[Delta]:
        if not self._finished:
            raise EngineFailed("The engine ended its answer without finishing it.")
        return []

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
        self._answer.wake()

    def close(self) -> None:
        """End it; an unfinished engine sees its connection close and stops."""
        if self._timer is not None:
            self._timer.cancel()
        self._answer.close()
