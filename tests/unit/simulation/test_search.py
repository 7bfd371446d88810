"""The search for faults: a seed is a whole report."""

from __future__ import annotations

from antiphon.simulation.search import drawn, search, trial


def test_a_seed_repeats_to_the_last_event() -> None:
    """So that what it found can be looked at."""
    first, second = trial(3, requests=60), trial(3, requests=60)
    assert first == second
    assert first.trace
    assert first.virtual_s > 60


def test_seeds_draw_worlds_of_their_own() -> None:
    """Faults of every kind are among them, and worlds without some of them."""
    worlds = [drawn(seed, 10) for seed in range(40)]
    assert len({world.nodes for world in worlds}) > 4
    kinds = [set(world.job_faults.job_kinds) for world in worlds]
    assert set.union(*kinds) > set.intersection(*kinds)


def test_a_search_goes_from_seed_to_seed() -> None:
    """Faults strike in most of them."""
    trials = list(search(range(20, 24), requests=40))
    assert [each.seed for each in trials] == [20, 21, 22, 23]
    assert sum(each.faults for each in trials) > 10
