"""What clients ask for."""

from __future__ import annotations

from itertools import pairwise

from antiphon.simulation.chance import chance
from antiphon.simulation.traffic import TURNS_MAX, Habits, Session, sessions

HABITS = Habits(requests=600, rate=20, models=("a", "b"), flood=0.3, several=0.1, stopped=0.1, poisoned=0.05)


def drawn(seed: int = 1, habits: Habits = HABITS) -> list[Session]:
    """The traffic of a seed."""
    return sessions(habits, chance(seed, "traffic"))


def test_a_seed_has_its_traffic() -> None:
    """All of it, to the last word."""
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_there_are_as_many_requests_as_asked_for() -> None:
    """Each under a name of its own, in conversations of bounded length."""
    names = [turn.request for session in drawn() for turn in session.turns]
    assert len(set(names)) == len(names) == 600
    assert max(len(session.turns) for session in drawn()) <= TURNS_MAX


def test_they_come_at_the_rate_in_bursts() -> None:
    """Conversations a second: the rate of requests by the turns of each; some gaps are far from even."""
    begins = [
        session.begins_s
        for session in drawn(habits=Habits(requests=20_000, rate=50, turns_mean=1, user_tokens_median=1))
    ]
    assert begins == sorted(begins)
    assert 35 < len(begins) / begins[-1] < 65
    gaps = [after - before for before, after in pairwise(begins)]
    mean = sum(gaps) / len(gaps)
    assert sum((gap - mean) ** 2 for gap in gaps) / len(gaps) > 1.1 * mean**2


def test_system_prompts_are_shared_and_lengths_have_tails() -> None:
    """That is what a prefix cache lives on."""
    found = drawn()
    assert len({session.system for session in found}) <= HABITS.apps
    lengths = sorted(len(turn.text) for session in found for turn in session.turns)
    assert lengths[len(lengths) * 99 // 100] > 5 * lengths[len(lengths) // 2]


def test_shares_are_kept() -> None:
    """Of floods, of poison, of requests for several answers; poison comes alone."""
    found = drawn()
    turns = [turn for session in found for turn in session.turns]
    assert 0.15 < sum(session.account == "flood" for session in found) / len(found) < 0.45
    assert 0.01 < sum(turn.poisoned for turn in turns) / len(turns) < 0.1
    assert {turn.choices for turn in turns if turn.poisoned} == {1}
    assert all(turn.seed is not None for turn in turns if turn.choices > 1)
