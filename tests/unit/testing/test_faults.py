"""Tests of how requests name the faults that they want."""

from __future__ import annotations

import pytest

from antiphon.testing.faults import FAULT_NAMES, MEANINGS, Fault, Order, marked_fault, marked_order, parse_fault


def test_every_fault_has_a_meaning() -> None:
    """The table of meanings names exactly the faults there are."""
    assert tuple(MEANINGS) == FAULT_NAMES


def test_marker_sets_knobs() -> None:
    """A marker in a message becomes a fault with its numbers."""
    text = "please [[fault:freeze k=3 delay_s=0.5]] answer"
    assert marked_fault(text) == Fault(name="freeze", k=3, delay_s=0.5)


def test_text_without_marker_has_no_fault() -> None:
    """An ordinary message draws nothing and orders nothing."""
    assert marked_fault("[[ what [fault:close]] ever") is None
    assert marked_order("hello") == Order()


def test_answer_marker_orders_an_answer() -> None:
    """Length, pace, thinking and calls can be ordered beside a fault."""
    text = "[[answer tokens=200 delay_s=0.01 reasoning=4 calls=2]] [[fault:slow]]"
    assert marked_order(text) == Order(tokens=200, delay_s=0.01, reasoning=4, calls=2)
    assert marked_fault(text) == Fault(name="slow")


@pytest.mark.parametrize("text", ["nonsense", "close k=x", "close colour=red", "", "status shape=round"])
def test_misspelt_fault_is_refused(text: str) -> None:
    """A fault that does not exist would pass a test that cannot fail: it is an error."""
    with pytest.raises(ValueError, match=r"."):
        parse_fault(text)


def test_header_sets_words_and_numbers() -> None:
    """Knobs that are words stay words."""
    fault = parse_fault("status status=429 retry_after_s=7 shape=html")
    assert fault == Fault(name="status", status=429, retry_after_s=7, shape="html")
