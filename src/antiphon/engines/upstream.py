"""An engine behind HTTP: any server that speaks the OpenAI wire, with the differences its kind declares."""

from __future__ import annotations

import asyncio

import msgspec

from antiphon.chat import Choice, Prompt, Usage, Vector
from antiphon.engines import DeltaStream, Job, ModelFacts, embedding_wire, facts
from antiphon.engines.delta_reader import DeltaReader
from antiphon.engines.delta_stream import HttpDeltaStream
from antiphon.engines.endpoints import endpoint
from antiphon.engines.kinds import EngineKind
from antiphon.engines.refusals import ERROR_BYTES_MAX, RETRY_AFTER_S, failure, refusal
from antiphon.engines.stops import stops, tally
from antiphon.errors import EngineFailed
from antiphon.http.client import Pool
from antiphon.http.origin import ClientError

EMBEDDINGS_PATH = "/v1/embeddings"


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

    @property
    def continues(self) -> bool:
        """Whether it goes on exactly where a closing assistant turn ends."""
        return self.kind.prefill != "turn"

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
        body = await self._answer(to.path, to.encode(job, self.kind, stream=False), to.param, known_by(job))
        return to.decode_whole(body)

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

    async def _answer(self, path: str, body: bytes, param: str, own: bytes = b"") -> bytes:
        """The body of a good answer; raises the engine's refusal, which is about `param`."""
        try:
            answer = await self._pool.request("POST", path, headers=self._headers, own=own, body=body)
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
            answer = await self._pool.send("POST", to.path, headers=self._headers, own=known_by(job), body=body)
        except ClientError as error:
            raise failure(error) from error
        top_logprobs, timed = job.sampling.top_logprobs, tally(job, self.kind) == "timings"
        reader = DeltaReader(to.decode, top_logprobs=top_logprobs, stops=stops(job, self.kind), timed=timed)
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


def known_by(job: Job) -> bytes:
    """The headers by which the engine's log can be searched for a request, and its trace goes on; b"" for neither.

    Each attempt has a value of its own: vLLM takes it for the id of its work, and refuses one that it works on already.
    """
    known = f"x-request-id: {job.request_id}.{job.attempt}\r\n" if job.request_id and job.attempt else ""
    if job.traceparent:
        known += f"traceparent: {job.traceparent}\r\n"
        if job.tracestate:
            known += f"tracestate: {job.tracestate}\r\n"
    return known.encode()
