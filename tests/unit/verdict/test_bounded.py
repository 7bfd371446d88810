"""Evidence on truths: exact, the same whichever way round, and an interval that agrees with it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.verdict.arm import Arm
from antiphon.verdict.bounded import SCALES, Bounded

JUDGE = Bounded()
BAR = math.log(20)


def truths(hits: int, n: int) -> Arm:
    """`hits` truths among `n` values."""
    return Arm(n, hits, hits)


ARMS = st.integers(1, 3_000).flatmap(lambda n: st.builds(truths, st.integers(0, n), st.just(n)))


@given(ARMS, ARMS)
@settings(max_examples=10)
def test_the_evidence_is_the_least_of_all_candidates(first: Arm, second: Arm) -> None:
    """No common mean on a fine grid explains the values better than the one that was found."""
    found = JUDGE.log_e(first, second)
    for step in range(-60, 61):
        mean = 1 / (1 + math.exp(-step / 4))
        bets = [_product(first, second, mean, scale) for scale in SCALES]
        most = max(bets)
        assert found <= most + math.log(sum(math.exp(bet - most) for bet in bets) / len(bets)) + 1e-6


def _product(first: Arm, second: Arm, mean: float, scale: float) -> float:
    def bet(arm: Arm) -> float:
        a, b = scale * mean, scale * (1 - mean)
        hits, misses = arm.total, arm.n - arm.total
        mixed = math.lgamma(a + hits) + math.lgamma(b + misses) - math.lgamma(scale + arm.n)
        mixed += math.lgamma(scale) - math.lgamma(a) - math.lgamma(b)
        return mixed - hits * math.log(mean) - misses * math.log1p(-mean)

    return bet(first) + bet(second)


@given(st.integers(1, 12), st.floats(0.05, 0.95))
@settings(max_examples=10)
def test_a_bet_gains_nothing_on_average(n: int, mean: float) -> None:
    """Over all outcomes of n values with that mean the evidence against it is 1: it is a fair bet."""
    chances = [math.comb(n, hits) * mean**hits * (1 - mean) ** (n - hits) for hits in range(n + 1)]
    evidence = [math.exp(JUDGE.log_e_of(truths(hits, n), mean)) for hits in range(n + 1)]
    assert sum(chance * one for chance, one in zip(chances, evidence, strict=True)) == pytest.approx(1, rel=1e-6)


def test_a_bet_on_values_between_gains_less() -> None:
    """The mean of a half and a half, of which each is sure, is no evidence at all."""
    assert JUDGE.log_e_of(Arm(100, 50.0, 25.0), 0.5) < 0


@given(ARMS, ARMS)
@settings(max_examples=10)
def test_neither_order_nor_naming_matters(first: Arm, second: Arm) -> None:
    """The other way round, and of the opposite, there is as much evidence."""
    found = JUDGE.log_e(first, second)
    opposite, other = (truths(arm.n - int(arm.total), arm.n) for arm in (first, second))
    assert JUDGE.log_e(second, first) == pytest.approx(found, abs=1e-5)
    assert JUDGE.log_e(opposite, other) == pytest.approx(found, abs=1e-4)


@given(ARMS, ARMS)
@settings(max_examples=5)
def test_the_interval_leaves_out_what_there_is_evidence_against(first: Arm, second: Arm) -> None:
    """It holds the effect that was seen, and holds 0 exactly where there is no difference to speak of."""
    low, high = JUDGE.interval(first, second, BAR)
    assert -1 <= low <= second.mean - first.mean <= high <= 1
    log_e = JUDGE.log_e(first, second)
    if abs(log_e - BAR) > 1e-3:
        assert (low < 0 < high) == (log_e < BAR)


def test_intervals_of_one_mean_hold_it() -> None:
    """They get narrower with more values, and are all there is without any."""
    narrow, wide = JUDGE.interval_of(truths(3_000, 10_000), BAR), JUDGE.interval_of(truths(30, 100), BAR)
    assert wide[0] < narrow[0] < 0.3 < narrow[1] < wide[1]
    assert JUDGE.interval_of(Arm(), BAR) == (0, 1)
    assert JUDGE.interval(Arm(), truths(1, 2), BAR) == (-1, 1)
    assert JUDGE.log_e(Arm(), truths(1, 2)) == 0


def test_rare_truths_are_no_surprise() -> None:
    """One error among thousands of requests does not tell two variants apart; forty do."""
    assert JUDGE.log_e(truths(0, 5_000), truths(1, 5_000)) < BAR
    assert JUDGE.log_e(truths(0, 5_000), truths(40, 5_000)) > BAR


def test_a_mean_above_its_limit_is_found_out() -> None:
    """For certain where it is far above, and not where it may have happened by chance."""
    assert JUDGE.log_e_above(truths(100, 1_000), 0.05) > BAR
    assert JUDGE.log_e_above(truths(60, 1_000), 0.05) < BAR
    assert JUDGE.log_e_above(truths(10, 1_000), 0.05) == 0
    assert JUDGE.log_e_above(truths(20, 1_000), 0.0) > BAR
