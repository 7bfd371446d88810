"""Rates: nothing is rounded, and nothing is remembered for longer than it says something."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from antiphon.accounts.rates import SECOND_NS, SWEPT_AT_MIN, Rates, left


@given(size=st.integers(1, 10**9), amounts=st.lists(st.integers(1, 10**7), max_size=20))
def test_no_rate_is_rounded(size: int, amounts: list[int]) -> None:
    """What is left is exact for rates that do not divide a minute, also where it is begun with again."""
    rates, now_ns = Rates(), 10**18
    for amount in amounts:
        rates.use("k", size, now_ns, amount)
        rates = Rates(rates.held)
    assert left(rates.used("k", size, now_ns), size)[1] == max(0, size - sum(amounts))
    missing = max(0, sum(amounts) + 1 - size)
    assert rates.wait_ns("k", size, now_ns) == math.ceil(Fraction(missing * 60 * SECOND_NS, size))


def test_names_that_have_all_are_forgotten() -> None:
    """Memory is for those that asked lately."""
    rates = Rates()
    for number in range(SWEPT_AT_MIN - 1):
        rates.use(str(number), 60, 0)
    rates.use("last", 60, 10 * SECOND_NS)
    assert set(rates.held) == {"last"}


def test_another_limit_begins_anew() -> None:
    """What was used of one says nothing of the other."""
    rates = Rates()
    rates.use("k", 1, 0)
    assert rates.wait_ns("k", 1, 0) > 0
    assert rates.wait_ns("k", 2, 0) == 0
