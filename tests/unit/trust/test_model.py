"""Standings as values: quarantine takes all work away, suspicion a part of it."""

from __future__ import annotations

from antiphon.trust.model import Standing
from antiphon.trust.reputation import Reputation


def test_how_much_work_a_node_gets() -> None:
    """All of it, half when it is nearly convicted, none when it is."""
    good = Reputation()
    assert Standing("a", good).factor(0) == 1.0
    assert Standing("a", good, suspicion=1.0).factor(0) == 0.5
    assert Standing("a", good, accused="model").factor(0) == 0.0
