"""An arm says of its values what they would say themselves."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.verdict.arm import Arm


@given(st.lists(st.floats(-1_000, 1_000), min_size=2, max_size=50))
def test_mean_and_variance_are_those_of_the_values(values: list[float]) -> None:
    """As far as sums of squares can tell."""
    arm = Arm(len(values), sum(values), sum(value * value for value in values))
    assert arm.mean == pytest.approx(statistics.fmean(values), abs=1e-9)
    assert arm.variance == pytest.approx(statistics.variance(values), rel=1e-6, abs=1e-6)


def test_too_few_values_have_no_spread() -> None:
    """None has a mean of 0, and one has no variance."""
    assert Arm().mean == 0
    assert Arm(1, 5.0, 25.0).variance == 0


def test_more_of_the_same_have_the_same_mean() -> None:
    """An arm that is multiplied has the mean that it had."""
    more = Arm(10, 4.0, 4.0).times(2.5)
    assert (more.n, more.mean) == (25, 0.4)
