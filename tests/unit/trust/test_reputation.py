"""Reputation: failures cost, everything fades, nobody falls to nothing by it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.trust.reputation import FACTOR_MIN, HALF_LIFE_S, Reputation

HALF_LIFE_MS = int(1000 * HALF_LIFE_S)
COUNTS = st.integers(0, 500)


def test_a_node_without_failures_gets_all_its_work() -> None:
    """Whether it is new or was checked a thousand times."""
    assert Reputation().factor(0) == Reputation().after(1000, 0, 5).factor(5) == 1.0


def test_a_failure_costs_a_new_node_more() -> None:
    """An old one has shown more."""
    new, old = Reputation().after(0, 1, 0), Reputation().after(200, 1, 0)
    assert new.factor(0) < 0.6
    assert old.factor(0) > 0.9


def test_all_of_it_fades() -> None:
    """After a half-life a failure weighs half of what it did, after many none."""
    failed = Reputation().after(0, 3, 0)
    factors = [failed.factor(weeks * HALF_LIFE_MS) for weeks in (0, 1, 2, 30)]
    assert factors == sorted(factors)
    assert factors[-1] > 0.999


def test_a_clock_that_steps_back_fades_nothing() -> None:
    """Nor does it give anything back."""
    later = Reputation().after(5, 1, 10_000)
    assert later.after(1, 0, 0).at_ms == 10_000
    assert later.left(0) == 1.0


@given(COUNTS, COUNTS, st.integers(0, 10 * HALF_LIFE_MS))
def test_it_is_a_part_and_never_nothing(passed: int, failed: int, now_ms: int) -> None:
    """Only quarantine takes all work away."""
    assert FACTOR_MIN <= Reputation().after(passed, failed, 0).factor(now_ms) <= 1
