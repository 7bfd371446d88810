"""Limits: exactly so many at once, then one each interval, as an exact bucket would; of keys and of accounts."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.accounts.limits import SWEPT_AT_MIN, Limits, lines
from antiphon.accounts.rates import SECOND_NS
from antiphon.errors import RateLimited
from antiphon.key import Allowance, Key
from tests.unit.accounts.lines import fields

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


def admit(limits: Limits, key: Key, now_s: float) -> None:
    """Let a request in, or raise why it is refused."""
    if (refusal := limits.decide(key.allowances, round(now_s * SECOND_NS)).refusal) is not None:
        raise refusal


def wait_s(limits: Limits, key: Key, now_s: float) -> int:
    """0 when admitted, else the seconds that the refusal names."""
    try:
        admit(limits, key, now_s)
    except RateLimited as error:
        assert error.retry_after_s is not None
        return error.retry_after_s
    return 0


def admitted(limits: Limits, key: Key, now_s: float, requests: int) -> int:
    """How many of so many requests at once pass."""
    return sum(wait_s(limits, key, now_s) == 0 for _ in range(requests))


def shown(limits: Limits, key: Key, now_s: float) -> dict[str, str]:
    """The headers of an answer."""
    used = [limits.levels[part.scale].used(part, round(now_s * SECOND_NS)) for part in key.allowances]
    return fields(lines(key.allowances, used))


@given(size=st.integers(1, 200), gaps=st.lists(st.integers(0, 80 * STEPS_PER_S), max_size=120))
def test_limits_agree_with_the_naive_model(size: int, gaps: list[int]) -> None:
    """Each request is admitted, or told to wait so many whole seconds, as by an exact bucket."""
    limits, key, bucket = Limits(), Key("caller", requests_per_minute=size), Bucket(size)
    steps = 0
    for gap in gaps:
        steps += gap
        assert wait_s(limits, key, steps / STEPS_PER_S) == math.ceil(bucket.wait_s(Fraction(steps, STEPS_PER_S)))


@given(size=st.integers(1, 100), extra=st.integers(1, 50))
def test_exactly_so_many_pass_at_once(size: int, extra: int) -> None:
    """Of more requests at one moment just the allowed number pass."""
    limits, key = Limits(), Key("caller", requests_per_minute=size)
    assert admitted(limits, key, 0.0, size + extra) == size


@pytest.mark.parametrize("size", [1, 2, 5, 7, 12, 60])
def test_one_more_passes_each_interval(size: int) -> None:
    """A key that was used up earns one request each interval, not sooner."""
    limits, key = Limits(), Key("caller", requests_per_minute=size)
    interval_s = 60 / size
    assert admitted(limits, key, 0.0, size) == size
    for number in range(1, 2 * size + 1):
        assert admitted(limits, key, number * interval_s - 0.125, 2) == 0
        assert admitted(limits, key, math.ceil(number * interval_s * SECOND_NS) / SECOND_NS, 2) == 1


def test_a_rest_earns_no_more_than_the_limit() -> None:
    """However long a key was idle, only one minute's requests pass at once."""
    limits, key = Limits(), Key("caller", requests_per_minute=3)
    assert admitted(limits, key, 0.0, 9) == 3
    assert admitted(limits, key, 3600.0, 9) == 3


def test_a_refusal_names_the_limit_and_the_wait() -> None:
    """The wait is a whole number of seconds after which a request passes."""
    limits, key = Limits(), Key("caller", requests_per_minute=2)
    assert admitted(limits, key, 10.0, 2) == 2
    with pytest.raises(RateLimited, match="This key allows 2 requests per minute") as caught:
        admit(limits, key, 10.5)
    assert caught.value.retry_after_s == 30
    admit(limits, key, 40.5)


def test_names_that_have_all_are_forgotten() -> None:
    """Memory is for those that asked lately."""
    limits = Limits()
    for number in range(SWEPT_AT_MIN):
        admit(limits, Key(str(number), 60), 0.0)
    admit(limits, Key("last", 60), 10.0)
    assert set(limits.levels["key"].counters) == {"last"}


def test_keys_do_not_share_a_limit() -> None:
    """One key's requests are nothing to another, also where both have one name, and one without a limit passes."""
    limits = Limits()
    one, two = (Key("k", requests_per_minute=1, id=number) for number in ("key_1", "key_2"))
    assert admitted(limits, one, 0.0, 5) == 1
    assert admitted(limits, two, 0.0, 5) == 1
    assert admitted(limits, Key("free"), 0.0, 500) == 500


def test_keys_of_an_account_share_its_limit() -> None:
    """Together they get what the account may, each at most what it may itself; other accounts get theirs."""
    limits, allowance = Limits(), Allowance(requests_per_minute=5)
    one, two = (
        Key("k", 3, id=number, account_name="acme", account_allowance=allowance) for number in ("key_1", "key_2")
    )
    assert admitted(limits, one, 0.0, 10) == 3
    assert admitted(limits, two, 0.0, 10) == 2
    with pytest.raises(RateLimited, match="This account allows 5 requests per minute"):
        admit(limits, two, 0.0)
    other = Key("k", 3, id="key_3", account_name="other", account_allowance=allowance)
    assert admitted(limits, other, 0.0, 10) == 3


def test_what_the_account_refuses_is_not_counted_for_the_key() -> None:
    """A refusal takes nothing from anybody."""
    limits = Limits()
    key = Key("k", 2, id="key_1", account_name="acme", account_allowance=Allowance(parallel_max=1))
    admit(limits, key, 0.0)
    assert admitted(limits, key, 0.0, 5) == 0
    limits.leave(key)
    assert admitted(limits, key, 0.0, 1) == 1


def test_so_many_are_served_at_once() -> None:
    """One that ends makes room for one; the wait that a refusal names is a second."""
    limits, key = Limits(), Key("k", parallel_max=3)
    assert admitted(limits, key, 0.0, 10) == 3
    with pytest.raises(RateLimited, match="This key allows 3 requests at once") as caught:
        admit(limits, key, 60.0)
    assert caught.value.retry_after_s == 1
    limits.leave(key)
    assert admitted(limits, key, 0.0, 10) == 1
    for _ in range(3):
        limits.leave(key)
    assert admitted(limits, key, 0.0, 10) == 3


def test_tokens_are_counted_when_they_were_used() -> None:
    """While one is left a request is admitted, and what it uses beyond that is waited for."""
    limits, key = Limits(), Key("k", tokens_per_minute=600)
    admit(limits, key, 0.0)
    limits.use_tokens(key, 599, 0.0)
    admit(limits, key, 0.0)
    limits.use_tokens(key, 301, 0.0)
    with pytest.raises(RateLimited, match="This key allows 600 tokens per minute") as caught:
        admit(limits, key, 0.0)
    assert caught.value.retry_after_s == 31  # 300 too many, and one more is needed
    assert wait_s(limits, key, 30.0) == 1
    assert wait_s(limits, key, 30.1) == 0


def test_tokens_of_an_account_add_up() -> None:
    """Whichever key used them; a request without any costs none."""
    limits = Limits()
    one, two = (
        Key("k", id=number, account_name="acme", account_allowance=Allowance(tokens_per_minute=60))
        for number in ("key_1", "key_2")
    )
    limits.use_tokens(one, 0, 0.0)
    limits.use_tokens(one, 30, 0.0)
    limits.use_tokens(two, 30, 0.0)
    with pytest.raises(RateLimited, match="This account allows 60 tokens per minute"):
        admit(limits, one, 0.0)


def test_headers_tell_what_is_left() -> None:
    """The limit, the rest, and when all is there again, by unit; nothing for a key without limits."""
    limits, key = Limits(), Key("k", 60, tokens_per_minute=6_000)
    admit(limits, key, 0.0)
    limits.use_tokens(key, 250, 0.0)
    assert shown(limits, key, 0.0) == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-limit-tokens": "6000",
        "x-ratelimit-remaining-tokens": "5750",
        "x-ratelimit-reset-tokens": "3s",
    }
    assert shown(limits, key, 2.5)["x-ratelimit-remaining-requests"] == "60"
    assert shown(limits, Key("free"), 0.0) == {}
    limits.use_tokens(key, 100_000, 2.5)
    assert shown(limits, key, 2.5)["x-ratelimit-remaining-tokens"] == "0"


def test_headers_show_the_tighter_limit() -> None:
    """Of the key's and the account's that which has less left."""
    limits = Limits()
    one = Key("k", 10, id="key_1", account_name="acme", account_allowance=Allowance(requests_per_minute=12))
    two = Key("k", id="key_2", account_name="acme", account_allowance=Allowance(requests_per_minute=12))
    admit(limits, one, 0.0)
    assert shown(limits, one, 0.0)["x-ratelimit-limit-requests"] == "10"
    assert admitted(limits, two, 0.0, 8) == 8
    assert shown(limits, one, 0.0)["x-ratelimit-limit-requests"] == "12"
    assert shown(limits, one, 0.0)["x-ratelimit-remaining-requests"] == "3"


async def test_a_gateway_is_told_what_it_may_answer() -> None:
    """Headers for every answer, and the refusal for those that are too many."""
    limits, key = Limits(), Key("k", 1)
    first, second = await limits.admit(key, 0.0), await limits.admit(key, 15.0)
    assert first.refusal is None
    assert fields(first.lines)["x-ratelimit-remaining-requests"] == "0"
    assert second.refusal is not None
    assert second.refusal.retry_after_s == 45
    assert fields(second.lines)["x-ratelimit-reset-requests"] == "45s"
