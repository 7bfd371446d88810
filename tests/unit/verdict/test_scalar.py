"""Evidence on values of any size: an interval that agrees with it, and patience with few values."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.verdict.arm import Arm
from antiphon.verdict.scalar import VALUES_MIN, Scalar

JUDGE = Scalar()
BAR = math.log(20)


def drawn(seed: int, n: int, mean: float, spread: float) -> Arm:
    """So many normal values."""
    random = Random(seed)
    values = [random.gauss(mean, spread) for _ in range(n)]
    return Arm(n, sum(values), sum(value * value for value in values))


ARMS = st.builds(drawn, st.integers(0, 9), st.integers(VALUES_MIN, 2_000), st.floats(-5, 5), st.floats(0.1, 9))


@given(ARMS, ARMS)
@settings(max_examples=10)
def test_the_interval_leaves_out_what_there_is_evidence_against(first: Arm, second: Arm) -> None:
    """It is centred at what was seen, and at its ends the evidence reaches the bar."""
    low, high = JUDGE.interval(first, second, BAR)
    assert (low + high) / 2 == pytest.approx(second.mean - first.mean, abs=1e-9)
    assert JUDGE.log_e(first, second, high) == pytest.approx(BAR, abs=1e-4)
    assert JUDGE.log_e(first, second, low) == pytest.approx(BAR, abs=1e-4)
    assert JUDGE.log_e(second, first) == pytest.approx(JUDGE.log_e(first, second))


def test_the_unit_of_values_does_not_matter() -> None:
    """In thousandths there is as much evidence as in whole ones."""
    first, second = drawn(1, 500, 2.0, 1.0), drawn(2, 500, 2.2, 1.0)
    small, other = (Arm(arm.n, arm.total / 1_000, arm.squares / 1_000_000) for arm in (first, second))
    assert JUDGE.log_e(small, other) == pytest.approx(JUDGE.log_e(first, second))


def test_few_values_say_nothing() -> None:
    """Below the least number there is no evidence, whatever they are."""
    few, many = drawn(1, VALUES_MIN - 1, 0.0, 1.0), drawn(2, 1_000, 50.0, 1.0)
    assert JUDGE.log_e(few, many) == JUDGE.log_e_of(few, 99.0) == 0
    assert JUDGE.interval(few, many, BAR) == JUDGE.interval_of(few, BAR) == (-math.inf, math.inf)


def test_values_that_are_all_alike_can_differ() -> None:
    """From always 16 to always 32 is a difference, from 16 to 16 is none."""
    low, high = Arm(500, 8_000.0, 128_000.0), Arm(500, 16_000.0, 512_000.0)
    assert JUDGE.log_e(low, high) > BAR
    assert JUDGE.log_e(low, low) == 0
    assert JUDGE.interval(low, low, BAR) == (0, 0)


def test_a_mean_above_its_limit_is_found_out() -> None:
    """For certain where it is far above, and not where it may have happened by chance."""
    arm = drawn(1, 1_000, 100.0, 30.0)
    assert JUDGE.log_e_above(arm, 90.0) > BAR
    assert JUDGE.log_e_above(arm, 99.5) < BAR
    assert JUDGE.log_e_above(arm, 110.0) == 0
    low, high = JUDGE.interval_of(arm, BAR)
    assert low < 100 < high
