"""The same traffic under each policy."""

from __future__ import annotations

import pytest

from antiphon.simulation.compare import rate, simulated
from antiphon.simulation.hardware import KINDS
from antiphon.simulation.policies import POLICIES
from antiphon.simulation.scenario import traffic
from antiphon.simulation.traffic import Habits
from tests.unit.simulation.worlds import QUICK


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_serves_the_same_requests(policy: str) -> None:
    """All of them, where nothing goes wrong."""
    shown = simulated(QUICK, policy, traffic(QUICK))
    assert (shown.policy, shown.requests, shown.finished) == (policy, 40, 40)


def test_the_rate_grows_with_nodes_and_load() -> None:
    """Twice as many carry twice as much."""
    one = rate(100, KINDS, Habits(), answer_tokens=100, load=0.5)
    assert rate(200, KINDS, Habits(), answer_tokens=100, load=0.5) == pytest.approx(2 * one)
    assert rate(100, KINDS, Habits(), answer_tokens=100, load=1.0) == pytest.approx(2 * one)
    assert one > 1
