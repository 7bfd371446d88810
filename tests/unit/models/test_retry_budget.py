"""The retry budget: a fifth of what is in flight, and three where that is little."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.models.retry_budget import FLOOR, GAMBLES_MAX, GAMBLING_SHARE, RetryBudget


@given(steps=st.lists(st.sampled_from("nnnnrrre"), max_size=300))
def test_it_is_never_exceeded(steps: list[str]) -> None:
    """Whatever comes and ends, a retry that has room is within the bound once it is in flight."""
    budget = RetryBudget()
    for step in steps:
        if step == "n":
            budget.in_flight += 1
        elif step == "r" and budget.room:
            budget.in_flight += 1
            budget.retries += 1
            assert budget.retries <= max(FLOOR, budget.in_flight * 0.2)
        elif step == "e" and budget.retries:
            budget.in_flight -= 1
            budget.retries -= 1


def test_gambles_are_saved_up() -> None:
    """A few at once, then one in sixteen requests."""
    budget = RetryBudget()
    for _ in range(GAMBLES_MAX):
        assert budget.may_gamble
        budget.gamble()
    for _ in range(GAMBLING_SHARE):
        assert not budget.may_gamble
        budget.asked()
    assert budget.may_gamble


def test_a_few_may_always_be_retried() -> None:
    """Also when nothing else is in flight."""
    budget = RetryBudget()
    for _ in range(FLOOR):
        assert budget.room
        budget.in_flight += 1
        budget.retries += 1
    assert not budget.room
