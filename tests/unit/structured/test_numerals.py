"""Numerals of a range against exact decimals."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from antiphon.structured.budget import Budget
from antiphon.structured.numbers import Bound, NumberRange
from antiphon.structured.numerals import TooFineError, numerals

SEED = 7


def bound(randomness: random.Random) -> Bound | None:
    """A random end of a range."""
    if randomness.random() < 0.25:
        return None
    value = Decimal(randomness.randint(-3000, 3000)).scaleb(-randomness.choice([0, 0, 0, 1, 2]))
    return Bound(value, open=randomness.random() < 0.4)


def test_numerals_are_the_numbers_of_the_range() -> None:
    """For 300 random ranges a canonical numeral is accepted exactly if its value lies in the range."""
    randomness = random.Random(SEED)
    for _ in range(300):
        step = randomness.choice([None, None, Decimal(3), Decimal("0.5"), Decimal("0.25")])
        limits = NumberRange(low=bound(randomness), high=bound(randomness), step=step, param="p")
        whole, fractional = randomness.choice([(True, False), (True, True), (False, True)])
        automaton = numerals(limits, whole=whole, fractional=fractional, budget=Budget(param="p"))
        for _ in range(60):
            value = Decimal(randomness.randint(-3100, 3100))
            if randomness.random() < 0.5:
                value = value.scaleb(-2).normalize()
            is_whole = value == value.to_integral_value()
            wanted = limits.accepts(float(value)) and (whole if is_whole else fractional)
            text = f"{value:f}" if value else "0"
            assert automaton.accepts(text) is wanted, (SEED, limits, whole, fractional, text)


@pytest.mark.parametrize("text", ["", "-", "01", "1.", ".5", "-0", "+1", "1e3", "00", "1.5.2", "--1"])
def test_what_is_no_numeral_is_not_accepted(text: str) -> None:
    """Only JSON's own spelling of numbers, without exponents."""
    limits = NumberRange(low=Bound(Decimal(-100), open=False), param="p")
    assert not numerals(limits, whole=True, fractional=True, budget=Budget(param="p")).accepts(text)


def test_excluded_values_have_no_numeral() -> None:
    """A number that a negation leaves out cannot be written, not even with zeros behind the point."""
    limits = NumberRange(low=Bound(Decimal(0), open=False), excluded=(Decimal(5), Decimal("2.5")), param="p")
    automaton = numerals(limits, whole=True, fractional=True, budget=Budget(param="p"))
    texts = ("5", "5.0", "2.5", "2.50", "4", "2.51")
    assert [automaton.accepts(text) for text in texts] == [False, False, False, False, True, True]


@pytest.mark.parametrize(
    ("limits", "keyword"),
    [
        (NumberRange(low=Bound(Decimal(10) ** 30, open=False), param="p"), "minimum"),
        (NumberRange(high=Bound(-(Decimal(10) ** 30), open=False), param="p"), "maximum"),
        (NumberRange(step=Decimal("0.123456789"), param="p"), "multipleOf"),
    ],
)
def test_numbers_that_are_too_long_are_refused(limits: NumberRange, keyword: str) -> None:
    """The error tells which keyword asks for them."""
    with pytest.raises(TooFineError, match=keyword):
        numerals(limits, whole=True, fractional=True, budget=Budget(param="p"))


def test_a_bound_beyond_what_is_written_does_not_matter() -> None:
    """The largest float as a maximum is as good as none."""
    limits = NumberRange(high=Bound(Decimal("1.7976931348623157e308"), open=False), param="p")
    assert numerals(limits, whole=True, fractional=False, budget=Budget(param="p")).accepts("999999999999999")
