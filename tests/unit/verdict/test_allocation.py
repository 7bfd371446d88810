"""Shares follow what is likely, and leave everybody some."""

from __future__ import annotations

import pytest

from antiphon.verdict.allocation import chances_of_best, shares
from antiphon.verdict.arm import Arm


def test_nothing_known_is_shared_alike() -> None:
    """Without any values, or with values all alike, each gets the same."""
    assert shares({"a": Arm(), "b": Arm()}, "higher", 0.1) == pytest.approx({"a": 0.5, "b": 0.5})
    assert shares({"a": Arm(5, 5.0, 5.0), "b": Arm(5, 5.0, 5.0)}, "higher", 0.1)["a"] == pytest.approx(0.5)


def test_the_better_variant_gets_more() -> None:
    """All but the floors in the end; the other one where lower is better."""
    arms = {"a": Arm(1_000, 500, 500), "b": Arm(1_000, 600, 600), "c": Arm(1_000, 450, 450)}
    up, down = shares(arms, "higher", 0.1), shares(arms, "lower", 0.1)
    assert up["b"] == pytest.approx(0.8, abs=0.01)
    assert down["c"] > 0.75
    for found in (up, down):
        assert sum(found.values()) == pytest.approx(1)
        assert min(found.values()) >= 0.1


def test_two_variants_are_as_likely_as_the_normal_law_says() -> None:
    """One standard error apart, the better is the best with 84 %."""
    arm = Arm(10_000, 5_000.0, 5_000.0)
    other = Arm(10_000, 5_000 + 50 * 2**0.5, 5_000.0 + 50 * 2**0.5)
    chances = chances_of_best({"a": arm, "b": other}, "higher")
    assert chances["b"] == pytest.approx(0.841, abs=0.005)


def test_few_values_move_little() -> None:
    """One lucky answer is no reason to send everybody there."""
    assert shares({"a": Arm(1, 0, 0), "b": Arm(1, 1, 1)}, "higher", 0.1)["b"] < 0.6
