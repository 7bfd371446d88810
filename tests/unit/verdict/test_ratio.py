"""Counts of units beside what their weights say."""

from __future__ import annotations

import pytest

from antiphon.verdict.ratio import Period, ratio_check

EVEN = {"a": 1.0, "b": 1.0}


@pytest.mark.parametrize(
    ("units", "mismatch"),
    [
        ({"a": 0, "b": 0}, False),
        ({"a": 5_050, "b": 4_950}, False),
        ({"a": 52_000, "b": 48_000}, True),
        ({"a": 10_400, "b": 9_600}, True),
        ({"a": 20}, False),
        ({"a": 900}, True),
    ],
)
def test_units_are_held_against_the_weights(units: dict[str, int], mismatch: bool) -> None:
    """52 to 48 is found, what chance makes is not."""
    found = ratio_check([Period(EVEN, units)])
    assert found.mismatch is mismatch
    assert sum(found.expected.values()) == pytest.approx(sum(units.values()))


def test_each_period_has_its_own_weights() -> None:
    """Units that follow the weights as they changed are as they should be, though their sums are not even."""
    periods = [Period(EVEN, {"a": 1_010, "b": 990}), Period({"a": 1.0, "b": 9.0}, {"a": 1_005, "b": 8_995})]
    found = ratio_check(periods)
    assert not found.mismatch
    assert found.units == {"a": 2_015, "b": 9_985}
    assert found.expected == pytest.approx({"a": 2_000, "b": 10_000})
    assert ratio_check([Period(EVEN, found.units)]).mismatch


def test_a_variant_without_weight_expects_nothing() -> None:
    """One that was dropped takes no part in what is expected of the others."""
    found = ratio_check([Period({"a": 1.0, "b": 1.0, "c": 0.0}, {"a": 500, "b": 510})])
    assert (found.mismatch, found.expected["c"]) == (False, 0)
