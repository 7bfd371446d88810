"""What a run has shown, as numbers."""

from __future__ import annotations

import pytest

from antiphon.chat import Sampling
from antiphon.errors import EngineFailed, Unavailable
from antiphon.simulation.attempts import Attempt
from antiphon.simulation.client import Outcome
from antiphon.simulation.figures import Figures, figures, percentile
from antiphon.simulation.traffic import Turn

TURN = Turn("r", "Hi", 0, 10)


def outcome(wait_s: float | None, *, tokens: int = 10, error: Exception | None = None) -> Outcome:
    """A request that was asked at 10 s and took 10 s."""
    found = Outcome(TURN, "r.0", (), "a", 10.0, Sampling(), ended_at=20.0, tokens=tokens)
    found.error = error  # type: ignore[assignment]
    found.first_token_at = None if wait_s is None else 10.0 + wait_s
    return found


def attempt(request: str, *, begun: int = 0, cached: int = 0) -> Attempt:
    """Of a prompt of 100 tokens, 5 seconds long."""
    return Attempt(0, request, "n", 10.0, 9, 100, begun, 0.0, cached_tokens=cached, prefilled=True, over_at=15.0)


def found() -> Figures:
    """Of four requests, one of each kind."""
    outcomes = [
        outcome(1.0),
        outcome(9.0),
        outcome(None, tokens=0, error=Unavailable()),
        outcome(1.0, error=EngineFailed()),
    ]
    attempts = [attempt("r1"), attempt("r1", begun=5, cached=80), attempt("r2"), attempt("r2")]
    return figures("ours", outcomes, attempts, slots=4, trace="t")


def test_requests_are_told_apart_by_their_ends() -> None:
    """A slow answer is finished, though not good."""
    shown = found()
    assert (shown.requests, shown.finished, shown.refused, shown.failed, shown.left) == (4, 2, 1, 1, 0)
    assert shown.good == 0.25
    assert shown.goodput_tokens_per_s == pytest.approx(10 / 20)


def test_attempts_are_continuations_or_retries() -> None:
    """By whether an answer had been begun; what was cached was not read."""
    shown = found()
    assert (shown.continuations, shown.retries, shown.prefill_tokens) == (1, 1, 320)
    assert shown.cached == pytest.approx(0.2)
    assert shown.busy == pytest.approx(4 * 5 / (4 * 10))


def test_percentiles() -> None:
    """Of nothing, and of a hundred."""
    assert percentile((), 50) == 0
    assert [percentile(range(100), percent) for percent in (50, 99, 100)] == [50, 99, 99]
