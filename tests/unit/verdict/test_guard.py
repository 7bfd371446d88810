"""Guardrails speak up when they are sure."""

from __future__ import annotations

from antiphon.verdict.arm import Arm
from antiphon.verdict.guard import above, exceeds


def test_a_rate_beyond_its_limit_is_certain_in_time() -> None:
    """A few failures more than are allowed may be chance, many are not."""
    assert above(Arm(200, 14, 14), 0.05, "bounded") > 0.01
    assert above(Arm(2_000, 200, 200), 0.05, "bounded") < 0.01
    assert above(Arm(2_000, 20, 20), 0.05, "bounded") == 1
    assert above(Arm(), 0.05, "bounded") == 1


def test_a_mean_that_exceeds_another_by_a_margin_is_found() -> None:
    """Beyond the margin for certain, and never within it."""
    quick, slow = Arm(1_000, 100_000.0, 10_900_000.0), Arm(1_000, 130_000.0, 17_800_000.0)
    assert exceeds(quick, slow, 10.0, "scalar") < 0.01
    assert exceeds(quick, slow, 29.9, "scalar") > 0.01
    assert exceeds(quick, slow, 30.0, "scalar") == 1
    assert exceeds(slow, quick, 0.0, "scalar") == 1
