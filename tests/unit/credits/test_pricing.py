"""Prices: one rounding, up, on the sum; and no cost above its quote."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.chat import Usage
from antiphon.credits.pricing import WHOLE_BPS, cost, quote, share, split
from antiphon.models.catalogue import Prices

price = st.integers(0, 100_000_000)
maybe = st.none() | price
prices = st.builds(Prices, price, price, maybe, maybe, maybe)
tokens = st.integers(0, 2_000_000)
usages = st.builds(Usage, tokens, tokens, tokens, tokens, tokens)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (Usage(0, 0), 0),
        (Usage(1_000_000, 0), 50_000),
        (Usage(0, 1_000_000), 200_000),
        (Usage(1, 0), 1),  # 0.05
        (Usage(20, 0), 1),  # 1 exactly
        (Usage(21, 0), 2),
        (Usage(19, 1), 2),  # 0.95 + 0.2, and not 1 + 1 of other numbers
        (Usage(10, 2), 1),  # 0.5 + 0.4
    ],
)
def test_costs_are_rounded_up_once(usage: Usage, expected: int) -> None:
    """On the sum of all parts."""
    assert cost(Prices(50_000, 200_000), usage) == expected


def test_every_kind_of_token_has_its_price() -> None:
    """Cached and image tokens are taken out of the prompt, thoughts out of the completion."""
    own = Prices(prompt=1_000_000, completion=10_000_000, cached=100_000, reasoning=20_000_000, image=3_000_000)
    usage = Usage(prompt_tokens=100, completion_tokens=50, cached_tokens=40, reasoning_tokens=20, image_tokens=10)
    assert cost(own, usage) == 50 * 1 + 4 + 10 * 3 + 30 * 10 + 20 * 20


def test_kinds_without_a_price_cost_what_their_whole_does() -> None:
    """As if nobody had told them apart."""
    plain = Prices(1_000_000, 2_000_000)
    assert cost(plain, Usage(100, 50, 40, 20, 10)) == cost(plain, Usage(100, 50))


@given(prices=prices, usage=usages)
def test_a_cost_is_within_its_quote(prices: Prices, usage: Usage) -> None:
    """Whatever of it was cached, seen or thought, and however wrong the parts are counted."""
    most = quote(prices, prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens)
    assert 0 <= cost(prices, usage) <= most


@given(prices=prices, usage=usages)
def test_a_cost_is_less_than_a_unit_too_high(prices: Prices, usage: Usage) -> None:
    """And never too low."""
    plain = Prices(prices.prompt, prices.completion)
    exact = Fraction(usage.prompt_tokens * plain.prompt + usage.completion_tokens * plain.completion, 1_000_000)
    assert 0 <= cost(plain, usage) - exact < 1


@given(paid=st.integers(0, 10**12), bps=st.integers(0, WHOLE_BPS))
def test_a_share_is_a_part(paid: int, bps: int) -> None:
    """Rounded down, so that the rest is never less than nothing."""
    assert 0 <= share(paid, bps) <= paid
    assert share(paid, WHOLE_BPS) == paid


@given(amount=st.integers(0, 10**12), parts=st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_a_split_is_exact(amount: int, parts: list[int]) -> None:
    """Together it is the amount, and no part is a unit away from what it should be."""
    found = split(amount, parts)
    assert sum(found) == amount
    if sum(parts):
        assert all(abs(got - Fraction(amount * part, sum(parts))) < 1 for got, part in zip(found, parts, strict=True))


def test_a_split_of_nothing() -> None:
    """Where nobody did anything the last one has it, where nobody is there it is nowhere."""
    assert split(7, [0, 0]) == [0, 7]
    assert split(7, []) == []
