"""One attempt on its node: the engine is asked, what it says goes out as it comes, and it stops when nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from antiphon.chat import Delta, Usage
from antiphon.clock import Clock
from antiphon.engines import Engine, Job
from antiphon.engines.receipt import AnswerDigest, NodeReceipt, SignedReceipt, answer_sha256, prompt_sha256
from antiphon.errors import AntiphonError, BadRequest, EngineFailed, Unavailable
from antiphon.link import bodies
from antiphon.link.frames import Failed, Kind
from antiphon.link.outbox import Outbox
from antiphon.link.refusals import to_frame
from antiphon.link.seal import SealKeys
from antiphon.trace_context import TraceContext, told

PIECE_BYTES = 256 * 1024
Sign = Callable[[NodeReceipt], str]


class Done(Struct, frozen=True):
    """What a node's log tells of an attempt: nothing of what was asked or said."""

    attempt: str
    request_id: str
    model: str
    duration_ms: int
    failure: str | None  # None where it was finished
    begun_ms: int
    first_token_ms: int  # 0: none came
    parent: TraceContext | None = None  # the span of the gateway that asked
    span: TraceContext | None = None  # and the node's own, where it has one


OnDone = Callable[[Done], None]


class Duty:
    """What a node serves with, and what it signs as. `engines` by the names of models; it may change meanwhile.

    `traces`: its work has spans of its own, which its engines are told of.
    """

    def __init__(
        self,
        node: str,
        engines: Mapping[str, Engine],
        *,
        epoch: int,
        clock: Clock,
        sign: Sign | None = None,
        signs_as: str | None = None,
        on_done: OnDone | None = None,
        traces: bool = False,
        seal_keys: SealKeys | None = None,
    ) -> None:
        self.node = node
        self.engines = engines
        self.epoch = epoch
        self.sign = sign
        self.signs_as = signs_as or node  # where it goes by another name at the broker
        self.on_done = on_done
        self.seal_keys = seal_keys
        self.traces = traces
        self._clock = clock

    def now_ms(self) -> int:
        """The time of a receipt."""
        return int(1000 * self._clock.now())

    def engine(self, model: str) -> Engine:
        """The engine of a model; Unavailable when there is none."""
        engine = self.engines.get(model)
        if engine is None:
            raise Unavailable("The node does not serve this model.", retry_after_s=1)
        return engine


class Served:
    """Runs one attempt to its end. What goes wrong becomes its last frame."""

    def __init__(self, duty: Duty, outbox: Outbox, attempt: str, until: float) -> None:
        self._duty = duty
        self._outbox = outbox
        self._attempt = attempt
        self._until = until  # in the event loop's time
        self._loop = asyncio.get_running_loop()
        self._begun_ms = duty.now_ms()
        self._first_ms = 0
        self._job: Job | None = None
        self._parent: TraceContext | None = None
        self._span: TraceContext | None = None
        self._digest: AnswerDigest | None = None if duty.sign is None else AnswerDigest()

    async def run(self, kind: Kind, body: bytes) -> None:
        """Serve it; only a cancellation is raised."""
        outbox = self._outbox
        try:
            async with asyncio.timeout_at(self._until):
                await self._serve(kind, body)
        except TimeoutError:
            outbox.fail(Failed(outbox.seq + 1, "deadline"))
        except (msgspec.DecodeError, RecursionError):
            outbox.fail(to_frame(BadRequest("The node cannot read this request."), outbox.seq + 1))
        except AntiphonError as error:
            outbox.fail(to_frame(error, outbox.seq + 1))
        finally:
            if not outbox.closed:  # cancelled, or something that nobody thought of
                outbox.fail(Failed(outbox.seq + 1, "failed"))
            self._tell()

    def _tell(self) -> None:
        """Tell whoever keeps a log, of what was generated."""
        on_done, job = self._duty.on_done, self._job
        if on_done is not None and job is not None:
            spent_ms = self._duty.now_ms() - self._begun_ms
            failure, first_ms = self._outbox.failure, self._first_ms
            on_done(
                Done(
                    self._attempt,
                    job.request_id,
                    job.model,
                    spent_ms,
                    failure,
                    self._begun_ms,
                    first_ms,
                    self._parent,
                    self._span,
                )
            )

    def _traced(self, job: Job) -> Job:
        """The job as the engine is to have it: below the node's own span of the trace, where it makes one."""
        if not self._duty.traces or not job.traceparent:
            return job
        self._parent = told(job.traceparent.encode(), job.tracestate.encode())
        if self._parent is None:
            return job
        self._span = self._parent.child(f"{self._duty.node}/{self._attempt}")
        return replace(job, traceparent=self._span.traceparent)

    async def _serve(self, kind: Kind, body: bytes) -> None:
        duty = self._duty
        if kind == "stream":
            await self._stream(bodies.read_job(body))
        elif kind == "complete":
            await self._complete(bodies.read_job(body))
        elif kind == "count":
            job = bodies.read_job(body)
            await self._whole(bodies.encode(await duty.engine(job.model).count_prompt_tokens(job)))
        elif kind == "embed":
            texts = bodies.read_texts(body)
            vectors, usage = await duty.engine(texts.model).embed(texts.model, texts.inputs)
            await self._whole(bodies.encode(bodies.Vectors(vectors, usage)))
        else:
            engines = dict.fromkeys(duty.engines.values())  # one may serve several models
            facts = [fact for engine in engines for fact in await engine.models() if fact.name in duty.engines]
            await self._whole(bodies.encode(facts))

    async def _stream(self, job: Job) -> None:
        self._job = job
        outbox = self._outbox
        stream = await self._duty.engine(job.model).open(self._traced(job))
        try:
            while True:
                if not outbox.open:
                    await outbox.wait_open()  # the engine is not read meanwhile, and waits too
                deltas = await stream.next(self._until, self._take)
                if deltas:
                    self._take(deltas)
                elif deltas is not None:
                    break
                elif self._loop.time() >= self._until:
                    raise TimeoutError
            usage = stream.usage
        finally:
            stream.close()
        digest = "" if self._digest is None else self._digest.sha256
        outbox.end(usage, self._receipt(job, digest, usage))

    def _take(self, deltas: list[Delta]) -> bool:
        """Send what came together; False when there is no credit for more."""
        if not self._first_ms:
            self._first_ms = self._duty.now_ms()
        if self._digest is not None:
            self._digest.see(deltas)
        try:
            self._outbox.deltas(deltas)
        except UnicodeEncodeError as error:
            raise EngineFailed("The engine's text is not Unicode.") from error
        return self._outbox.open

    async def _complete(self, job: Job) -> None:
        self._job = job
        choice, usage = await self._duty.engine(job.model).complete(self._traced(job))
        self._first_ms = self._duty.now_ms()
        receipt = self._receipt(job, answer_sha256(choice), usage)
        await self._whole(bodies.encode(bodies.WholeAnswer(choice, usage, receipt)))

    async def _whole(self, body: bytes) -> None:
        """Send an answer in pieces, as credit comes."""
        for at in range(0, len(body), PIECE_BYTES):
            await self._outbox.wait_open()
            self._outbox.piece(body[at : at + PIECE_BYTES])
        self._outbox.end(None, None)

    def _receipt(self, job: Job, digest: str, usage: Usage | None) -> SignedReceipt | None:
        duty = self._duty
        if duty.sign is None:
            return None
        ended_ms = duty.now_ms()
        usage = usage or Usage()
        receipt = NodeReceipt(
            self._attempt,
            duty.signs_as,
            job.model,
            prompt_sha256(job),
            digest,
            usage.prompt_tokens,
            usage.completion_tokens,
            self._begun_ms,
            self._first_ms or ended_ms,
            ended_ms,
            duty.epoch,
        )
        return SignedReceipt(receipt, duty.sign(receipt))
