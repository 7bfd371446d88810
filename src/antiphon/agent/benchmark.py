"""How fast an engine is here: tokens a second that it reads, and that it writes, when nothing else runs."""

from __future__ import annotations

import asyncio

from msgspec import Struct

from antiphon.chat import Message, Sampling
from antiphon.clock import Clock
from antiphon.engines import Engine, Job
from antiphon.errors import AntiphonError

WORDS = "The quick brown fox jumps over the lazy dog while seventeen patient owls count the stars. "
READ_REPEATS = 12  # some 250 tokens
WRITTEN_TOKENS = 24
LIMIT_S = 30.0


class Speed(Struct, frozen=True):
    """Tokens a second; None where it could not be measured."""

    prefill: float | None = None
    decode: float | None = None


async def measure(engine: Engine, model: str, *, clock: Clock) -> Speed:
    """The speed of a model that generates; an engine that fails has none."""
    try:
        async with asyncio.timeout(LIMIT_S):
            return await _measured(engine, model, clock)
    except (AntiphonError, TimeoutError):
        return Speed()


async def _measured(engine: Engine, model: str, clock: Clock) -> Speed:
    # The time is part of the prompt, so that an engine that remembers prompts has to read it all the same.
    prompt = f"{clock.now():.6f} {WORDS * READ_REPEATS}Tell it again."
    job = Job(
        model,
        (Message(role="user", content=prompt),),
        Sampling(max_tokens=WRITTEN_TOKENS, temperature=0.0),
    )
    begun = clock.monotonic()
    first: float | None = None
    stream = await engine.open(job)
    try:
        until = asyncio.get_running_loop().time() + LIMIT_S
        while deltas := await stream.next(until):
            if first is None and any(delta.content or delta.reasoning for delta in deltas):
                first = clock.monotonic()
        ended, usage = clock.monotonic(), stream.usage
    finally:
        stream.close()
    if usage is None or first is None:
        return Speed()
    return Speed(_rate(usage.prompt_tokens, first - begun), _rate(usage.completion_tokens - 1, ended - first))


def _rate(tokens: int, seconds: float) -> float | None:
    return tokens / seconds if tokens > 0 and seconds > 0 else None
