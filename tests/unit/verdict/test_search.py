"""Searches along one number find what is there."""

from __future__ import annotations

import math

import pytest

from antiphon.verdict.search import crossing, log_mean_exp, lowest


@pytest.mark.parametrize("place", [-3.0, 0.0, 0.123, 4.999])
def test_the_lowest_value_is_found(place: float) -> None:
    """Wherever within the range it lies, at its ends too."""
    assert lowest(lambda x: abs(x - place), -3.0, 5.0) == pytest.approx(0, abs=1e-5)


def test_the_crossing_is_found() -> None:
    """From either side, and never before the bar."""
    right = crossing(lambda x: x * x, 0.0, 10.0, 2.0)
    left = crossing(lambda x: x * x, 0.0, -10.0, 2.0)
    assert right == pytest.approx(math.sqrt(2))
    assert left == pytest.approx(-math.sqrt(2))
    assert right * right >= 2.0


def test_a_bar_that_is_never_reached_is_at_the_end() -> None:
    """What stays below the bar reaches as far as the search does."""
    assert crossing(lambda _: 0.0, 0.0, 7.0, 1.0) == 7.0


def test_means_of_large_numbers_are_taken_by_logarithms() -> None:
    """Where the numbers themselves would overflow."""
    assert log_mean_exp([2_000.0, 2_000.0]) == pytest.approx(2_000)
    assert log_mean_exp([0.0, -math.inf]) == pytest.approx(-math.log(2))
    assert log_mean_exp([-math.inf]) == -math.inf
