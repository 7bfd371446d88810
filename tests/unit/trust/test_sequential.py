"""The sequential test: its bound by theory, by simulation with printed seeds, and what it may never do."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.trust.kinds import TESTS, Kind
from antiphon.trust.sequential import BOUND, CHECKS, ERROR, MICRO, SequentialTest, convicts, suspicion

SHARES = st.floats(0.001, 0.2)
SEEDS = tuple(range(1, 6))
HONEST_NODES = 250  # of each seed and kind


def crossing(test: SequentialTest, part: float, checks: int, random: Random) -> int | None:
    """After how many checks, each failed with that chance, the node is convicted."""
    ratio = 0
    for number in range(1, checks + 1):
        ratio = test.after(ratio, failed=random.random() < part)
        if convicts(ratio):
            return number
    return None


@pytest.mark.parametrize("kind", TESTS)
def test_an_honest_node_is_hardly_ever_accused(kind: Kind) -> None:
    """Over 2,000 checks of each kind that fail as often as they may, all kinds together accuse less than 1 in 100."""
    test = TESTS[kind]
    accused = sum(
        crossing(test, test.honest, CHECKS, Random(f"{seed}-{kind}-{node}")) is not None
        for seed in SEEDS[:1]
        for node in range(HONEST_NODES)
    )
    rate = accused / HONEST_NODES
    print(f"seed {SEEDS[0]}, {kind}: {accused} of {HONEST_NODES} honest nodes accused in {CHECKS} checks")
    assert rate < 0.01


@pytest.mark.parametrize("kind", TESTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_lying_node_is_found_soon(kind: Kind, seed: int) -> None:
    """Of nodes that lie no more often than the test was made for, all but few are found within 40 checks."""
    test, random = TESTS[kind], Random(seed)
    found = [crossing(test, test.lying, 200, random) for _ in range(200)]
    late = sum(number is None or number > 40 for number in found)
    print(f"seed {seed}, {kind}: median {sorted(n or 999 for n in found)[100]} checks, {late} of 200 later than 40")
    assert late <= 10
    assert None not in found


def test_the_bound_is_the_theorems() -> None:
    """Six kinds, each with a chance of one in a thousand at most, stay below the one per cent that is promised."""
    assert math.exp(BOUND / MICRO) >= CHECKS / ERROR * 0.999_999
    assert len(TESTS) * ERROR < 0.01


@given(st.lists(st.booleans(), max_size=60), SHARES, st.floats(0.3, 0.9))
def test_good_behaviour_is_not_saved_up(outcomes: list[bool], honest: float, lying: float) -> None:
    """However well a node behaved before, it is convicted after as many failures in a row as a new one."""
    test = SequentialTest(honest, lying)
    failures = [True] * math.ceil(BOUND / test.after(0, failed=True))
    assert convicts(test.fold(0, failures))
    assert convicts(test.fold(test.fold(0, outcomes), failures))


@given(st.lists(st.booleans(), max_size=80), SHARES)
def test_a_failure_never_helps(outcomes: list[bool], honest: float) -> None:
    """One more failure, put anywhere before the end, leaves the ratio as high or higher."""
    test = SequentialTest(honest, 0.5)
    ratio = test.fold(0, outcomes)
    assert ratio >= 0
    assert test.fold(0, [True, *outcomes]) >= ratio or convicts(ratio)


@given(st.lists(st.booleans(), max_size=80), st.lists(st.booleans(), max_size=80))
def test_a_node_can_be_watched_in_parts(first: list[bool], second: list[bool]) -> None:
    """What is kept between two runs of a gateway is all that the test needs."""
    test = TESTS["model"]
    assert test.fold(test.fold(0, first), second) == test.fold(0, first + second)


def test_a_conviction_stays() -> None:
    """Whatever passes afterwards, it is not undone by itself."""
    test = TESTS["model"]
    convicted = test.fold(0, [True] * 50)
    assert convicts(convicted)
    assert test.fold(convicted, [False] * 500) == convicted


def test_suspicion_is_a_part() -> None:
    """From nothing to certainty, and no further."""
    assert [suspicion(ratio) for ratio in (0, BOUND // 2, BOUND, 9 * BOUND)] == pytest.approx([0, 0.5, 1, 1], abs=1e-6)
