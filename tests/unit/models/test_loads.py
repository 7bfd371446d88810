"""Loads: one for each engine; trust outlives an engine's absence, all else does not for ever."""

from __future__ import annotations

from antiphon.models.loads import SWEPT_AT_MIN, Loads


def test_engines_that_are_gone_are_forgotten() -> None:
    """But for those that are busy, and those that somebody offers."""
    loads = Loads()
    for number in range(SWEPT_AT_MIN):
        loads.sweep([{"offered": None}])
        loads.of(str(number))
    loads.of("busy").in_flight = 1
    loads.of("offered")
    loads.sweep([{"offered": None}])
    assert len(list(loads)) == len(loads) == 2
    assert loads.get("5") is None


def test_trust_is_remembered() -> None:
    """A node does not get it back by going away for a while; what is trusted again leaves nothing."""
    loads = Loads()
    loads.stand("liar", 0.0)
    for number in range(SWEPT_AT_MIN):
        loads.of(str(number))
    loads.sweep([])
    assert loads.get("liar") is None
    assert loads.of("liar").standing == 0.0
    loads.stand("liar", 1.0)
    assert (loads.of("liar").standing, loads._standings) == (1.0, {})
