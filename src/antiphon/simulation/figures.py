"""What a simulation has shown: how long clients waited, what nodes read twice, what went elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from antiphon.errors import Unavailable
from antiphon.simulation.attempts import Attempt
from antiphon.simulation.client import Outcome

GOOD_FIRST_TOKEN_S = 5.0  # an answer is good if it ends, and began within this


class Figures(Struct, frozen=True, kw_only=True):
    """Of one policy under one traffic. Shares are of 1, times virtual seconds."""

    policy: str
    requests: int
    finished: int
    refused: int
    failed: int
    left: int
    good: float  # of the requests
    ttft_p50_s: float
    ttft_p95_s: float
    ttft_p99_s: float
    goodput_tokens_per_s: float  # of good answers
    cached: float  # of the prompts' tokens
    prefill_tokens: int
    continuations: int
    retries: int
    busy: float  # of all slots, while requests came
    lasted_s: float
    trace: str
    waits_s: tuple[float, ...] = ()  # for first tokens, in order; for the plot


def figures(
    policy: str, outcomes: Sequence[Outcome], attempts: Sequence[Attempt], *, slots: int, trace: str
) -> Figures:
    """The figures of one run."""
    waits = sorted(wait for outcome in outcomes if (wait := _wait(outcome)) is not None)
    good = [outcome for outcome in outcomes if outcome.finished and (_wait(outcome) or 0) <= GOOD_FIRST_TOKEN_S]
    prompts = sum(attempt.prompt_tokens for attempt in attempts if attempt.prefilled)
    read = sum(attempt.prompt_tokens - attempt.cached_tokens for attempt in attempts if attempt.prefilled)
    came_s = max((outcome.asked_at for outcome in outcomes), default=0.0)
    lasted_s = max((outcome.ended_at or 0.0 for outcome in outcomes), default=0.0)
    held_s = sum((attempt.over_at or lasted_s) - attempt.opened_at for attempt in attempts)
    again = len(attempts) - len({attempt.request for attempt in attempts})
    continued = sum(attempt.begun_tokens > 0 for attempt in attempts)
    return Figures(
        policy=policy,
        requests=len(outcomes),
        finished=sum(outcome.finished for outcome in outcomes),
        refused=sum(_refused(outcome) for outcome in outcomes),
        failed=sum(outcome.error is not None and not _refused(outcome) for outcome in outcomes),
        left=sum(outcome.left for outcome in outcomes),
        good=len(good) / max(1, len(outcomes)),
        ttft_p50_s=percentile(waits, 50),
        ttft_p95_s=percentile(waits, 95),
        ttft_p99_s=percentile(waits, 99),
        goodput_tokens_per_s=sum(outcome.tokens for outcome in good) / max(1.0, lasted_s),
        cached=1 - read / max(1, prompts),
        prefill_tokens=read,
        continuations=continued,
        retries=again - continued,
        busy=held_s / max(1.0, slots * came_s),
        lasted_s=lasted_s,
        trace=trace,
        waits_s=tuple(waits),
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The value that so many percent do not exceed; 0 of nothing."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def _wait(outcome: Outcome) -> float | None:
    """How long the client waited for a stream's first token."""
    if outcome.first_token_at is None or not outcome.turn.streamed:
        return None
    return outcome.first_token_at - outcome.asked_at


def _refused(outcome: Outcome) -> bool:
    return isinstance(outcome.error, Unavailable) and not outcome.tokens
