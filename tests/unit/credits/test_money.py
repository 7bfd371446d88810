"""Amounts as people read them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.credits.money import credits_of, shortage, usdc_number, usdc_text


@pytest.mark.parametrize(
    ("amount", "text", "credits_"),
    [
        (0, "0.00", 0),
        (1, "0.000001", 0),
        (9_999, "0.009999", 0),
        (10_000, "0.01", 1),
        (10_000_000, "10.00", 1000),
        (9_998_731, "9.998731", 999),
        (12_500_000, "12.50", 1250),
        (-1_500_000, "-1.50", -150),
    ],
)
def test_amounts_are_exact(amount: int, text: str, credits_: int) -> None:
    """At least two decimals, and as many as it takes; credits are rounded down."""
    assert usdc_text(amount) == text
    assert credits_of(amount) == credits_


def test_a_refusal_says_what_would_do() -> None:
    """And what there is."""
    message = "There is not enough credit: 0.05 USDC are needed, 0.002 USDC are free."
    assert shortage(2_000, 50_000).message == message
    assert "0.00 USDC are free" in shortage(-5, 50_000).message


@given(amount=st.integers(0, 10**15))
def test_numbers_of_json_are_exact(amount: int) -> None:
    """With no more decimals than it takes, read back as the very amount."""
    text = usdc_number(amount).decode()
    assert json.loads(text, parse_float=Decimal) * 1_000_000 == amount
    assert not text.endswith((".", "0")) or "." not in text
