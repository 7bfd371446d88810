"""What the verdict promises, by simulation with printed seeds: `make verdicts` runs all of it, `make test` a little."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from random import Random

import pytest

from antiphon.verdict.arm import Arm
from antiphon.verdict.ratio import Period, ratio_check

from .streams import (
    ALPHA,
    BAR,
    BOUNDED,
    EACH,
    Draw,
    adapted,
    arms,
    found_by_scalars,
    found_by_truths,
    truth,
    visited,
)

RUNS = 500
MANY = 4_000  # where the chance of an alarm is near the bound, so that few runs would tell it badly
FEW = 8
SEED = 20261125


def alarms(name: str, runs: int, found: Callable[[Random], object]) -> float:
    """The part of the runs that find a difference."""
    count = sum(found(Random(f"{SEED} {name} {run}")) is not None for run in range(runs))
    print(f"{name}: {count} of {runs} runs find a difference, seed {SEED}")
    return count / runs


SKEWED: dict[str, Draw] = {
    "normal": lambda random: random.gauss(10, 1),
    "exponential": lambda random: random.expovariate(1),
    "log-normal": lambda random: random.lognormvariate(0, 1),
    "heavy tail": lambda random: random.paretovariate(2.5),
    "rare": truth(0.01),
}


def test_a_real_difference_is_found_soon() -> None:
    """50 % and 55 % are told apart, the right way round, in each of a few runs."""
    found = [
        found_by_truths(arms(truth(0.5), truth(0.55), Random(f"{SEED} {run}"), EACH), every=101) for run in range(FEW)
    ]
    assert [one[0] for one in found if one is not None] == ["second"] * FEW


def test_no_difference_is_hardly_ever_found() -> None:
    """A few runs without any, looked at after every value, raise no more than one alarm."""
    rate = alarms("few", FEW, lambda random: found_by_truths(arms(truth(0.5), truth(0.5), random, EACH // 10)))
    assert rate <= 1 / FEW


@pytest.mark.slow
def test_differences_are_decided_right() -> None:
    """50 % and 55 %, at most 20,000 values each: right in 95 % of 500 runs at least."""
    found = [
        found_by_truths(arms(truth(0.5), truth(0.55), Random(f"{SEED} real {run}"), EACH), every=21)
        for run in range(RUNS)
    ]
    sides = [one and one[0] for one in found]
    right, wrong = sides.count("second"), sides.count("first")
    middle = statistics.median(one[1] for one in found if one is not None)
    print(f"50 % and 55 %: {right} right, {wrong} wrong, {sides.count(None)} undecided of {RUNS}, seed {SEED}")
    print(f"half of them by {middle:,.0f} values of both together")
    assert right >= 0.95 * RUNS


@pytest.mark.slow
@pytest.mark.parametrize(("chance", "each"), [(0.5, EACH), (0.02, EACH // 4)])
def test_false_alarms_are_rare_after_every_value(chance: float, each: int) -> None:
    """Without a difference 5 % of 500 runs raise an alarm at most, although looked at after each of 40,000 values."""
    name = f"no difference at {chance}"
    assert alarms(name, RUNS, lambda random: found_by_truths(arms(truth(chance), truth(chance), random, each))) <= ALPHA


@pytest.mark.slow
@pytest.mark.parametrize("name", SKEWED)
def test_false_alarms_of_scalars_are_rare(name: str) -> None:
    """The same for values of any size, skewed ones too."""
    draw = SKEWED[name]
    assert alarms(name, RUNS, lambda random: found_by_scalars(arms(draw, draw, random, EACH // 4))) <= ALPHA


@pytest.mark.slow
def test_false_alarms_are_rare_while_shares_follow_the_values() -> None:
    """The same while the better variant gets more of the traffic."""
    fair = truth(0.5)
    assert alarms("adapted", RUNS, lambda random: found_by_truths(adapted(fair, fair, random, EACH // 4))) <= ALPHA


@pytest.mark.slow
def test_false_alarms_are_rare_where_users_come_again() -> None:
    """The same where users differ and come many times, so that their means change after they were counted."""
    assert alarms("visited", RUNS, lambda random: found_by_truths(visited(random, 2_000, 20_000))) <= ALPHA


@pytest.mark.slow
def test_false_alarms_of_preferences_are_rare() -> None:
    """The same for preferences."""

    def found(random: Random) -> str | None:
        won = 0
        for n in range(1, EACH + 1):
            won += random.random() < 0.5
            if (2 * won - n) ** 2 > 2 * BAR * n * 0.9 and BOUNDED.log_e_of(Arm(n, won, won), 0.5) >= BAR:
                return "found"
        return None

    assert alarms("preferences", MANY, found) <= ALPHA


@pytest.mark.slow
@pytest.mark.parametrize(("share", "least", "most"), [(0.5, 0.0, 0.01), (0.48, 0.95, 1.0)])
def test_a_planted_mismatch_is_found(share: float, least: float, most: float) -> None:
    """52 to 48 is found within 20,000 units, and 50 to 50 is not, although looked at after every one."""

    def found(random: Random) -> str | None:
        first = 0
        for n in range(1, EACH + 1):
            first += random.random() < share
            period = Period({"a": 1.0, "b": 1.0}, {"a": first, "b": n - first})
            if abs(2 * first - n) > 2.5 * n**0.5 and ratio_check([period]).mismatch:
                return "found"
        return None

    assert least <= alarms(f"units at {share}", RUNS, found) <= most
