"""Request limits: exactly so many at once, then one each interval, as an exact token bucket would."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.accounts.limits import RequestLimits
from antiphon.errors import RateLimited
from antiphon.key import Key

STEPS_PER_S = 8


class Bucket:
    """The naive model in fractions: a bucket of `size` tokens that fills in a minute."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.tokens = Fraction(size)
        self.at_s = Fraction(0)

    def wait_s(self, now_s: Fraction) -> Fraction:
        """Take a token at `now_s` (0), or tell how long until there is one."""
        rate = Fraction(self.size, 60)
        self.tokens = min(Fraction(self.size), self.tokens + (now_s - self.at_s) * rate)
        self.at_s = now_s
        if self.tokens >= 1:
            self.tokens -= 1
            return Fraction(0)
        return (1 - self.tokens) / rate


def wait_s(limits: RequestLimits, key: Key, now_s: float) -> int:
    """0 when admitted, else the seconds that the refusal names."""
    try:
        limits.take(key, now_s)
    except RateLimited as error:
        assert error.retry_after_s is not None
        return error.retry_after_s
    return 0


def admitted(limits: RequestLimits, key: Key, now_s: float, requests: int) -> int:
    """How many of so many requests at once pass."""
    return sum(wait_s(limits, key, now_s) == 0 for _ in range(requests))


@given(size=st.integers(1, 200), gaps=st.lists(st.integers(0, 80 * STEPS_PER_S), max_size=120))
def test_limits_agree_with_the_naive_model(size: int, gaps: list[int]) -> None:
    """Each request is admitted, or told to wait so many whole seconds, as by an exact bucket."""
    limits, key, bucket = RequestLimits(), Key("caller", requests_per_minute=size), Bucket(size)
    steps = 0
    for gap in gaps:
        steps += gap
        assert wait_s(limits, key, steps / STEPS_PER_S) == math.ceil(bucket.wait_s(Fraction(steps, STEPS_PER_S)))


@given(size=st.integers(1, 100), extra=st.integers(1, 50))
def test_exactly_so_many_pass_at_once(size: int, extra: int) -> None:
    """Of more requests at one moment just the allowed number pass."""
    limits, key = RequestLimits(), Key("caller", requests_per_minute=size)
    assert admitted(limits, key, 0.0, size + extra) == size


@pytest.mark.parametrize("size", [1, 2, 5, 12, 60])
def test_one_more_passes_each_interval(size: int) -> None:
    """A key that was used up earns one request each interval, not sooner."""
    limits, key = RequestLimits(), Key("caller", requests_per_minute=size)
    interval_s = 60 / size
    assert admitted(limits, key, 0.0, size) == size
    for number in range(1, 2 * size + 1):
        assert admitted(limits, key, number * interval_s - 0.125, 2) == 0
        assert admitted(limits, key, number * interval_s, 2) == 1


def test_a_rest_earns_no_more_than_the_limit() -> None:
    """However long a key was idle, only one minute's requests pass at once."""
    limits, key = RequestLimits(), Key("caller", requests_per_minute=3)
    assert admitted(limits, key, 0.0, 9) == 3
    assert admitted(limits, key, 3600.0, 9) == 3


def test_a_refusal_names_the_limit_and_the_wait() -> None:
    """The wait is a whole number of seconds after which a request passes."""
    limits, key = RequestLimits(), Key("caller", requests_per_minute=2)
    assert admitted(limits, key, 10.0, 2) == 2
    with pytest.raises(RateLimited, match="This key allows 2 requests per minute") as caught:
        limits.take(key, 10.5)
    assert caught.value.retry_after_s == 30
    limits.take(key, 40.5)


def test_keys_do_not_share_a_limit() -> None:
    """One key's requests are nothing to another, and a key without a limit always passes."""
    limits = RequestLimits()
    one, two, free = Key("one", requests_per_minute=1), Key("two", requests_per_minute=1), Key("free")
    assert admitted(limits, one, 0.0, 5) == 1
    assert admitted(limits, two, 0.0, 5) == 1
    assert admitted(limits, free, 0.0, 500) == 500
