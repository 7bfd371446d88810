"""A simulated node: an Engine with slots, a queue, a prefix cache, speeds, a distance, and ways to fail.

Prompts are read one after the other, as fast as the hardware does; answers are generated together, each the slower the
more there are. What a node says is `language.py`'s, so nothing here can be right by accident.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from antiphon.chat import Choice, Delta, Prompt, Usage, Vector
from antiphon.engines import Job, ModelFacts
from antiphon.errors import EngineFailed, EngineLost, Saturated
from antiphon.models.load import NodeLoad
from antiphon.simulation import language
from antiphon.simulation.attempts import Attempts
from antiphon.simulation.faults import POISON, Faults
from antiphon.simulation.hardware import Hardware
from antiphon.simulation.language import BLOCK_TOKENS, Language
from antiphon.simulation.node_stream import NodeStream, opened
from antiphon.simulation.prefix_cache import PrefixCache

MISSED_AFTER_S = 3.0  # a dead node is known to be so after this long
LATE_DELTAS = 3
OVERRUN_TOKENS = 40
POISON_BYTES = POISON.encode()


class SimulatedNode:
    """One node. `piece` is how many tokens it sends together once it has begun."""

    takes_grammar = True
    stops_plain = True
    continues = True

    def __init__(
        self,
        name: str,
        hardware: Hardware,
        spoken: Language,
        *,
        attempts: Attempts,
        faults: Faults,
        piece: int = 16,
        careless: bool = False,
    ) -> None:
        self.name = name
        self.hardware = hardware
        self.cache = PrefixCache(hardware.cache_blocks)
        self.running: dict[NodeStream, None] = {}  # in the order of their beginning
        self.waiting: deque[NodeStream] = deque()
        self.down = False
        self.saturated = False
        self.slowness = 1.0
        self._language = spoken
        self._attempts = attempts
        self._faults = faults
        self._piece = piece
        self._careless = careless
        self._loop = asyncio.get_running_loop()
        self._frozen_until = 0.0
        self._frozen: list[tuple[Callable[..., None], NodeStream, tuple[int, ...]]] = []  # what is put off meanwhile
        self._reading_until = 0.0  # prompts, one after the other
        self._missed = False

    async def models(self) -> list[ModelFacts]:
        """None: the scenario says who serves what. It is a sign of life, for whoever wants one."""
        await asyncio.sleep(max(self.hardware.rtt_s, self._frozen_until - self._loop.time()))
        if self.down:
            raise EngineFailed("The node cannot be reached.")
        return []

    def unavailable(self) -> int | None:
        """As its missing heartbeats tell."""
        return 1 if self._missed else None

    async def count_prompt_tokens(self, job: Job) -> int | None:
        """What its own count would be."""
        return language.prompt_tokens(language.written(job.messages), len(job.messages))

    async def embed(self, model: str, inputs: tuple[Prompt, ...]) -> tuple[tuple[Vector, ...], Usage]:
        """It generates only."""
        raise EngineFailed(f"{model} on {self.name} makes no embeddings of {len(inputs)} inputs.")

    async def close(self) -> None:
        """Nothing to let go of."""

    async def complete(self, job: Job) -> tuple[Choice, Usage]:
        """As `open`, to its end."""
        stream = await self.open(job)
        stream.plain = True
        said: list[Delta] = []
        try:
            while deltas := await stream.next(float("inf")):
                said += deltas
        finally:
            stream.close()
        if stream.usage is None or not said or said[-1].finish_reason is None:
            raise EngineFailed("The node ended its answer without finishing it.")
        text = "".join([delta.content for delta in said])
        return Choice(content=text, finish_reason=said[-1].finish_reason), stream.usage

    async def open(self, job: Job) -> NodeStream:
        """Send a job; what becomes of it shows in the stream."""
        stream = opened(self, job, self._language, number=self._attempts.count, now=self._loop.time())
        self._attempts.opened(stream.attempt)
        if self.down:
            self._strike(stream, "unreachable")
            try:
                await asyncio.sleep(self.hardware.rtt_s)
            finally:
                stream.close()
            raise EngineFailed("The node cannot be reached.")
        self._after(self.hardware.rtt_s / 2, self._arrive, stream)
        return stream

    def _arrive(self, stream: NodeStream) -> None:
        """The job is here: refused, or it waits, or it begins."""
        stream.fault = self._faults.of_job(len(stream.answer.deltas), plain=stream.plain)
        refused = stream.fault is not None and stream.fault.kind == "refuse"
        if self.saturated or refused or len(self.waiting) >= self.hardware.queue + self.hardware.slots:
            self._strike(stream, "refused")
            self._fail(stream, Saturated("The node is busy.", retry_after_s=1))
        elif len(self.running) >= self.hardware.slots:
            self.waiting.append(stream)
        else:
            self._begin(stream)

    def _begin(self, stream: NodeStream) -> None:
        """Read what of the prompt is not in the cache, after the prompts before it."""
        self.running[stream] = None
        attempt = stream.attempt
        if self.slowness > 1:
            self._strike(stream, "slow")
        known = self.cache.match(language.blocks(stream.prompt)) * BLOCK_TOKENS
        attempt.cached_tokens = max(0, min(known, attempt.prompt_tokens - 1))
        uncached = attempt.prompt_tokens - attempt.cached_tokens
        takes_s = self.hardware.reading_s(uncached) * self.slowness
        self._reading_until = max(self._loop.time(), self._reading_until) + takes_s
        self._at(self._reading_until, self._read, stream)

    def _read(self, stream: NodeStream) -> None:
        """The prompt is read; a poisoned one kills the node."""
        stream.attempt.prefilled = True
        if POISON_BYTES in stream.prompt:
            self._attempts.died(stream.attempt)
            self._strike(stream, "poison")
            self.crash(self._faults.duration_s())
            return
        self.cache.add(language.blocks(stream.prompt))
        if not self._struck(stream, 0):
            self._after(self.hardware.rtt_s / 2 + self._token_s(), self._generate, stream, 1)

    def _token_s(self) -> float:
        return self.hardware.token_s(len(self.running)) * self.slowness

    def _generate(self, stream: NodeStream, count: int) -> None:
        """So many tokens arrive, as far as nothing strikes before."""
        sent = stream.attempt.sent_tokens
        deltas = stream.answer.deltas
        fault = stream.fault
        if fault is not None and fault.after_tokens:
            count = min(count, fault.after_tokens - sent)
        piece = deltas[sent : sent + count]
        if piece:
            stream.deliver(piece)
        sent += len(piece)
        if self._struck(stream, sent):
            return
        if sent >= len(deltas):
            self._finish(stream)
            return
        count = min(self._piece, len(deltas) - sent)
        self._after(count * self._token_s(), self._generate, stream, count)

    def _finish(self, stream: NodeStream) -> None:
        attempt = stream.attempt
        if stream.fault is not None and stream.fault.kind == "overrun" and stream.answer.finish_reason == "length":
            self._strike(stream, "overrun")
            stream.deliver([Delta(content=" more")] * OVERRUN_TOKENS)
        stream.deliver([Delta(finish_reason=stream.answer.finish_reason)])
        attempt.sent_tokens -= 1
        stream.finish(Usage(attempt.prompt_tokens, attempt.sent_tokens, attempt.cached_tokens))
        self.cache.add(language.blocks(stream.prompt + stream.answer.text.encode()))
        self._release(stream)

    def _struck(self, stream: NodeStream, sent: int) -> bool:
        """Let the stream's fault strike, if it is due; True when the stream is over or has to wait."""
        fault = stream.fault
        if fault is None or sent < fault.after_tokens or fault.kind in ("refuse", "overrun"):
            return False
        if self._faults.stopped:
            return False
        stream.fault = None
        self._strike(stream, fault.kind)
        if fault.kind == "crash":
            self.crash(fault.lasts_s)
        elif fault.kind == "freeze":
            self.freeze(fault.lasts_s)
            self._after(0, self._generate, stream, 1)
        elif fault.kind == "truncate":
            stream.finish(None)
            self._release(stream)
        else:
            self._fail(stream, EngineFailed(f"The node's answer ended in {fault.kind}."))
        return True

    def crash(self, lasts_s: float) -> None:
        """Die with all that runs, and come back later with an empty cache."""
        if self.down:
            return
        self.down = True
        self.cache.clear()
        self._reading_until = 0.0
        for stream in (*self.running, *self.waiting):
            self._strike(stream, "crash")
            self._fail(stream, EngineLost("The node's connection is gone."))
        self._loop.call_later(MISSED_AFTER_S, self._miss)
        self._loop.call_later(max(0.1, lasts_s), self.recover)

    def _miss(self) -> None:
        self._missed = self.down

    def recover(self) -> None:
        """Be there again, as fast as ever."""
        self.down = self._missed = self.saturated = False
        self.slowness = 1.0
        self._frozen_until = 0.0
        self._thaw()

    def freeze(self, lasts_s: float) -> None:
        """Do nothing for a while; connections stay."""
        self._frozen_until = max(self._frozen_until, self._loop.time() + lasts_s)
        self._loop.call_at(self._frozen_until, self._thaw)
        for stream in (*self.running, *self.waiting):
            self._strike(stream, "freeze")

    def _thaw(self) -> None:
        """Do what was put off, unless it is still frozen."""
        if self._loop.time() >= self._frozen_until:
            frozen, self._frozen = self._frozen, []
            for step, stream, rest in frozen:
                self._step(step, stream, *rest)

    def slow(self, factor: float, lasts_s: float) -> None:
        """Take so many times as long for everything, for a while."""
        self.slowness = factor
        for stream in (*self.running, *self.waiting):
            self._strike(stream, "slow")
        self._loop.call_later(lasts_s, self.recover)

    def saturate(self, lasts_s: float) -> None:
        """Refuse all that comes, for a while: others keep it busy."""
        self.saturated = True
        self._loop.call_later(lasts_s, self.recover)

    def load(self) -> NodeLoad:
        """What it says of itself in a heartbeat."""
        hardware = self.hardware
        return NodeLoad(
            slots=hardware.slots,
            busy=len(self.running),
            queued=len(self.waiting),
            prefill_tokens_per_s=hardware.prefill_tokens_per_s,
            rtt_s=hardware.rtt_s,
        )

    @property
    def silent(self) -> bool:
        """Whether it sends no heartbeats."""
        return self.down or self._loop.time() < self._frozen_until

    def left(self, stream: NodeStream) -> None:
        """The gateway has closed its end: the slot is free, unless the node does not notice now."""
        self._attempts.over(stream.attempt, self._loop.time())
        if self._loop.time() >= self._frozen_until:
            self._release(stream)

    def _strike(self, stream: NodeStream, fault: str) -> None:
        self._attempts.struck(stream.attempt, fault)

    def _fail(self, stream: NodeStream, error: EngineFailed | Saturated) -> None:
        stream.fail(error)
        self._release(stream)

    def _release(self, stream: NodeStream) -> None:
        """It is over here; whoever waits next begins."""
        stream.over = True
        self._attempts.over(stream.attempt, self._loop.time())
        if stream in self.running:
            del self.running[stream]
        elif stream in self.waiting:
            self.waiting.remove(stream)
        while self.waiting and not self.down and len(self.running) < self.hardware.slots:
            self._begin(self.waiting.popleft())

    def _after(self, delay_s: float, step: Callable[..., None], stream: NodeStream, *rest: int) -> None:
        self._at(self._loop.time() + delay_s, step, stream, *rest)

    def _at(self, when: float, step: Callable[..., None], stream: NodeStream, *rest: int) -> None:
        self._loop.call_at(when, self._step, step, stream, *rest)

    def _step(self, step: Callable[..., None], stream: NodeStream, *rest: int) -> None:
        """A step of a stream: not while the node is frozen, and not of a stream that is over."""
        if self._loop.time() < self._frozen_until:
            self._strike(stream, "freeze")
            self._frozen.append((step, stream, rest))
        elif stream.closed or stream.over:
            self._forget(stream)
        elif self.down:
            self._strike(stream, "unreachable")
            self._fail(stream, EngineLost("The node's connection is gone."))
        else:
            step(stream, *rest)

    def _forget(self, stream: NodeStream) -> None:
        """The gateway has left: a careless node sends the rest of what it had nevertheless."""
        sent = stream.attempt.sent_tokens
        late = stream.answer.deltas[sent : sent + LATE_DELTAS]
        if self._careless and stream.closed and late:
            self._strike(stream, "late")
            stream.late(late)
        if not stream.over:
            self._release(stream)
