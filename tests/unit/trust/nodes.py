"""Nodes that serve a language model which is a pure function, honestly or in one of the ways to lie."""

from __future__ import annotations

import hashlib
import math
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from antiphon.chat import Choice, Delta, Logprob, Message, Prompt, Sampling, TokenLogprob, Usage, Vector
from antiphon.engines import DeltaStream, Job, ModelFacts, Take
from antiphon.trust.model import Answer, Look, Reference
from antiphon.trust.scoring import TOLERANCE

WORDS = tuple(f" {first}{second}" for first in ["river", "stone", "lamp", "seven", "green"] for second in "abcdefgh")
REMEMBERED = 3  # words before the next that decide what it may be


class Lies(Struct, frozen=True):
    """How a node departs from what it claims; without any it is honest."""

    weights: int = 1  # of another model
    rounding: float = 0.0  # nats by which a heavier quantisation moves each token
    noise: float = 0.0  # by which machines differ
    inflation: float = 1.0
    text: str = ""  # that it always gives
    temperature: float = 1.0  # instead of the one that was asked for
    silent: bool = False  # tells no log-probabilities
    sly: bool = False  # lies only while it is not asked for log-probabilities


class ToyEngine:
    """An engine that serves the model, and tells the truth about it unless it is made to lie."""

    takes_grammar = stops_plain = continues = True

    def __init__(self, name: str, lies: Lies = Lies(), *, seed: int = 0) -> None:
        self.name = name
        self.lies = lies
        self.asked = 0
        self._random = Random(f"{name}-{seed}")

    def likely(self, said: str, lies: Lies) -> list[TokenLogprob]:
        """What may come behind a text, the likeliest first."""
        before = " ".join(said.split()[-REMEMBERED:])
        scores = Random(f"{lies.weights}-{before}")
        bits = Random(f"{lies.rounding}-{lies.weights}-{before}")
        raw = {word: scores.gauss(0, 2.5) + bits.gauss(0, lies.rounding) for word in WORDS}
        raw = {word: value + self._random.gauss(0, lies.noise) for word, value in raw.items()}
        total = math.log(sum(map(math.exp, raw.values())))
        told = [TokenLogprob(word, value - total, list(word.encode())) for word, value in raw.items()]
        return sorted(told, key=lambda one: -one.logprob)

    async def complete(self, job: Job) -> tuple[Choice, Usage]:
        """One finished choice, with log-probabilities where they are asked for."""
        self.asked += 1
        lies = Lies() if self.lies.sly and job.sampling.logprobs else self.lies
        most, said, entries = job.sampling.max_tokens or 24, seen(job), []
        for _ in range(most):
            likely = self.likely(said, lies)
            drawn = self._drawn(likely, lies.temperature, job.sampling)
            entries.append(Logprob(drawn.token, drawn.logprob, drawn.bytes, likely[: job.sampling.top_logprobs]))
            said += drawn.token
        text = lies.text or "".join(entry.token for entry in entries)
        told = tuple(entries) if job.sampling.logprobs and not lies.silent else None
        usage = Usage(prompt_tokens=9, completion_tokens=round(most * lies.inflation))
        return Choice(content=text, logprobs=told), usage

    def _drawn(self, likely: list[TokenLogprob], times: float, sampling: Sampling) -> TokenLogprob:
        temperature = times * (1.0 if sampling.temperature is None else sampling.temperature)
        if not temperature:
            return likely[0]
        weights = [math.exp(one.logprob / temperature) for one in likely]
        return self._random.choices(likely, weights)[0]

    async def count_prompt_tokens(self, job: Job) -> int | None:
        """Its words are its tokens."""
        return len(str(job.prompt).split()) if job.prompt is not None else 9

    async def open(self, job: Job) -> DeltaStream:
        """All of it at once."""
        choice, usage = await self.complete(job)
        return ToyStream(choice.content or "", usage)

    async def models(self) -> list[ModelFacts]:
        """The one model."""
        return [ModelFacts("toy")]

    async def embed(self, model: str, inputs: tuple[Prompt, ...]) -> tuple[tuple[Vector, ...], Usage]:
        """Nobody embeds here."""
        raise NotImplementedError

    def unavailable(self) -> int | None:
        """Always there."""
        return None

    async def close(self) -> None:
        """Nothing to let go of."""


class ToyStream:
    """An answer that comes in two pieces, unless its reader leaves."""

    def __init__(self, text: str, usage: Usage) -> None:
        half = len(text) // 2
        self._pieces = [text[half:], text[:half]]
        self.usage = usage

    async def next(self, _until: float, _take: Take | None = None) -> list[Delta] | None:
        """The next piece."""
        return [Delta(content=self._pieces.pop())] if self._pieces else []

    def close(self) -> None:
        """Nothing to let go of."""


def seen(job: Job) -> str:
    """All that the model goes on from, in few words that stand for the prompt."""
    asked = [turn.text for turn in job.messages if turn.role != "assistant"]
    key = hashlib.sha256(" ".join(asked).encode()).hexdigest()
    return f"{key[:8]} {key[8:16]} {key[16:24]}{job.prefill or ''}"


def reference(engine: ToyEngine) -> Reference:
    """An engine of our own that serves the model."""
    return Reference(engine, "toy", TOLERANCE)


async def answered(engine: ToyEngine, number: int, look: Look = "asked", *, temperature: float = 0.8) -> Answer:
    """The node's answer to one of many prompts, as a gateway has it when it is finished."""
    asks = look == "asked"
    sampling = Sampling(max_tokens=24, temperature=temperature, logprobs=asks, top_logprobs=5 if asks else 0)
    job = Job("toy", (Message("user", f"Question {number}"),), sampling)
    choice, usage = await engine.complete(job)
    return Answer(
        engine.name,
        "toy",
        f"req_{number}",
        replace(job, sampling=Sampling(max_tokens=24, temperature=temperature)),
        choice.content or "",
        choice.logprobs or (),
        usage.completion_tokens,
        owes_logprobs=asks,
        engine=engine,
    )
