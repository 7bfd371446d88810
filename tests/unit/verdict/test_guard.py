"""Guardrails speak up when they are sure."""

from __future__ import annotations

from antiphon.verdict.arm import Arm
from antiphon.verdict.guard import above


def test_a_rate_beyond_its_limit_is_certain_in_time() -> None:
    """A few failures more than are allowed may be chance, many are not."""
    assert above(Arm(200, 14, 14), 0.05, "bounded") > 0.01
    assert above(Arm(2_000, 200, 200), 0.05, "bounded") < 0.01
    assert above(Arm(2_000, 20, 20), 0.05, "bounded") == 1
    assert above(Arm(), 0.05, "bounded") == 1
