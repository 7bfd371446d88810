"""Pairs of variants: who is better, how sure that is, and what is still needed."""

from __future__ import annotations

import pytest

from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Better, Tally, compare_means, compare_preferences

NAMES = ("a", "b")
HALF, MORE = Arm(4_000, 2_000, 2_000), Arm(4_000, 2_240, 2_240)


@pytest.mark.parametrize(("better", "side"), [("higher", "second"), ("lower", "first")])
def test_better_is_what_the_metric_says(better: Better, side: str) -> None:
    """The higher mean, or the lower one where that is the better."""
    found = compare_means(NAMES, (HALF, MORE), "bounded", better, alpha=0.05, tests=1)
    assert (found.first, found.second, found.better, found.needed) == ("a", "b", side, 0)
    assert found.effect == pytest.approx(0.06)
    assert found.low is not None
    assert 0 < found.low < 0.06
    assert found.p_value < 0.05


def test_many_comparisons_need_more_evidence() -> None:
    """What one comparison finds, one of a thousand does not."""
    alone = compare_means(NAMES, (HALF, MORE), "bounded", "higher", alpha=0.05, tests=1)
    many = compare_means(NAMES, (HALF, MORE), "bounded", "higher", alpha=0.05, tests=10_000)
    assert (alone.better, many.better) == ("second", None)
    assert many.p_value == pytest.approx(min(1.0, 10_000 * alone.p_value))
    assert many.low is not None
    assert many.low < 0


@pytest.mark.parametrize("kind", ["bounded", "scalar"])
def test_what_is_needed_is_enough(kind: str) -> None:
    """With as many more values of the same kind there is a verdict, and with a tenth fewer there is none."""
    first, second = Arm(500, 250, 250), Arm(500, 270, 270)
    found = compare_means(
        NAMES, (first, second), "scalar" if kind == "scalar" else "bounded", "higher", alpha=0.05, tests=1
    )
    assert found.better is None
    assert found.needed is not None
    for factor, better in ((1.01, "second"), (0.9, None)):
        more = 1 + factor * found.needed / 1_000
        pair = first.times(more), second.times(more)
        again = compare_means(NAMES, pair, "scalar" if kind == "scalar" else "bounded", "higher", alpha=0.05, tests=1)
        assert again.better == better


def test_no_difference_needs_more_than_there_ever_will_be() -> None:
    """Two means that are the same are never told apart, and without values nothing is known."""
    assert compare_means(NAMES, (HALF, HALF), "bounded", "higher", alpha=0.05, tests=1).needed is None
    nothing = compare_means(NAMES, (Arm(), Arm()), "scalar", "higher", alpha=0.05, tests=1)
    assert (nothing.low, nothing.high, nothing.p_value, nothing.needed) == (None, None, 1, None)


def test_preferences_are_judged_beside_one_half() -> None:
    """Ties tell of neither."""
    tally = Tally(first=40, second=110, ties=900)
    found = compare_preferences(NAMES, tally, alpha=0.05, tests=1)
    assert (found.better, found.tally) == ("second", tally)
    assert found.effect == pytest.approx(110 / 150 - 0.5)
    assert found.low is not None
    assert found.low > 0
    close = compare_preferences(NAMES, Tally(first=70, second=80), alpha=0.05, tests=1)
    assert close.better is None
    assert close.needed is not None
    assert compare_preferences(NAMES, Tally(), alpha=0.05, tests=1).p_value == 1
