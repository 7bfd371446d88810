"""What the search is worth: every bug that is planted is found, and where none is planted nothing is."""

from __future__ import annotations

import pytest

from antiphon.simulation.search import search, trial
from tests.unit.simulation.mutants import MUTANTS, Mutant

SEEDS = 50  # within which each has to be found
QUICK = ("duplicate_token", "last_chunk_dropped", "slot_kept_on_failure", "poison_spreads", "slots_overrun")
CRASHES = "nobody_saw_a_bug"  # a mutant that only raises shows nothing of the checks


def named(*names: str) -> list[object]:
    """Mutants as parameters."""
    return [pytest.param(mutant, id=mutant.name) for mutant in MUTANTS if not names or mutant.name in names]


@pytest.mark.parametrize("mutant", named(*QUICK))
def test_a_planted_bug_is_found(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the seed that is known to find it, which finds nothing without it."""
    assert trial(mutant.seed).violations == ()
    mutant.plant(monkeypatch.setattr)
    assert {violation.check for violation in trial(mutant.seed).violations} - {CRASHES}


@pytest.mark.slow
@pytest.mark.parametrize("mutant", named())
def test_every_planted_bug_is_found(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within 50 seeds, from the first on."""
    mutant.plant(monkeypatch.setattr)
    found = (each.check for tried in search(range(1, SEEDS + 1)) for each in tried.violations)
    assert next((check for check in found if check != CRASHES), None)


@pytest.mark.slow
def test_nothing_is_found_where_nothing_is_planted() -> None:
    """In a hundred seeds of 300 requests, with hundreds of continuations."""
    trials = list(search(range(1, 101)))
    assert {trial.seed: trial.violations[:3] for trial in trials if trial.violations} == {}
    assert sum(trial.continuations for trial in trials) > 500


def test_there_are_as_many_as_promised() -> None:
    """Twelve at least, each under one name."""
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 12
