"""Seeded chance."""

from __future__ import annotations

from antiphon.simulation.chance import chance


def test_a_part_repeats_with_its_seed() -> None:
    """And with nothing else."""
    assert chance(1, "a").random() == chance(1, "a").random()
    assert len({chance(1, "a").random(), chance(2, "a").random(), chance(1, "b").random()}) == 3


def test_it_is_the_same_in_every_process() -> None:
    """No hash of a process is in it."""
    assert chance(1, "traffic").randrange(10**6) == 175740
