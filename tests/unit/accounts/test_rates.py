"""Rates: nothing is rounded, and another limit begins anew."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from antiphon.accounts.rates import SECOND_NS, WINDOW_NS, Counter, left, wait_ns
from antiphon.key import UNLIMITED, Allowance

NOW_NS = 10**18


@given(size=st.integers(1, 10**9), amounts=st.lists(st.integers(1, 10**7), max_size=20))
def test_no_rate_is_rounded(size: int, amounts: list[int]) -> None:
    """What is left, and how long one more takes, is exact for rates that do not divide a minute."""
    counter = Counter()
    for amount in amounts:
        counter.use_tokens(size, amount, NOW_NS)
    _, used = counter.used(Allowance(tokens_per_minute=size), NOW_NS)
    assert left(used, size)[1] == max(0, size - sum(amounts))
    missing = max(0, sum(amounts) + 1 - size)
    assert wait_ns(used, size) == math.ceil(Fraction(missing * 60 * SECOND_NS, size))


def test_what_was_used_comes_back() -> None:
    """Evenly, within the minute; and then it says nothing any more."""
    counter, allowance = Counter(), Allowance(2)
    assert [counter.take(allowance, NOW_NS) for _ in range(3)] == [(WINDOW_NS, 0), (2 * WINDOW_NS, 0), None]
    assert counter.used(allowance, NOW_NS) == (2 * WINDOW_NS, 0)
    assert counter.used(allowance, NOW_NS + WINDOW_NS // 2) == (WINDOW_NS, 0)
    assert not counter.says_nothing(NOW_NS + WINDOW_NS - 1)
    assert counter.says_nothing(NOW_NS + WINDOW_NS)


def test_a_request_that_is_given_back_was_never_taken() -> None:
    """The last one, of a rate that there is."""
    counter, allowance = Counter(), Allowance(60)
    for used in (allowance, UNLIMITED):
        before = counter.used(used, NOW_NS)
        assert counter.take(used, NOW_NS) is not None
        counter.back()
        assert counter.used(used, NOW_NS) == before == (0, 0)


def test_another_limit_begins_anew() -> None:
    """What was used of one says nothing of the other, and nothing of what the other unit has used."""
    counter = Counter()
    assert counter.take(Allowance(1, 7), NOW_NS) == (WINDOW_NS, 0)
    counter.use_tokens(7, 3, NOW_NS)
    assert counter.used(Allowance(1, 7), NOW_NS) == (WINDOW_NS, 3 * WINDOW_NS)
    assert counter.used(Allowance(2, 7), NOW_NS) == (0, 3 * WINDOW_NS)
    counter.use_tokens(8, 1, NOW_NS)
    assert counter.used(Allowance(2, 8), NOW_NS) == (0, WINDOW_NS)


def test_a_request_takes_a_token_that_is_there() -> None:
    """It takes none away; where there is none, it is not counted."""
    counter, allowance = Counter(), Allowance(tokens_per_minute=2)
    counter.use_tokens(2, 1, NOW_NS)
    assert counter.take(allowance, NOW_NS) == (0, WINDOW_NS)
    counter.use_tokens(2, 1, NOW_NS)
    assert counter.take(allowance, NOW_NS) is None
    assert counter.take(Allowance(1, 2), NOW_NS) is None
    assert counter.used(Allowance(1, 2), NOW_NS) == (0, 2 * WINDOW_NS)
