"""Grammars as text, in the subset of GBNF that engines share."""

from __future__ import annotations

import random

import pytest

from antiphon.errors import BadRequest
from antiphon.structured.budget import Budget
from antiphon.structured.gbnf import EMPTY, Grammar, Repeat, bounds_text, char_class, literal
from tests.unit.structured.gbnf_reader import Gbnf


def grammar() -> Grammar:
    """An empty grammar."""
    return Grammar(Budget(param="schema"))


@pytest.mark.parametrize("text", ['quo"te', "back\\slash", "line\nend\ttab\r", "é漢😀", "[a-z]", "", "\\x41", "%"])
def test_a_literal_is_exactly_its_text(text: str) -> None:
    """Whatever characters it holds."""
    made = grammar()
    read = Gbnf.read(made.render(made.add("rule", [(literal(text),)])) or "")
    assert read.accepts(text)
    assert read.draw(random.Random(0)) == text


def test_a_class_never_puts_digits_behind_an_escape() -> None:
    """Readers differ on where an escape ends, so plain members come first."""
    assert char_class(((0x2D, 0x2D), (0x30, 0x39), (0x41, 0x43), (0xE9, 0xE9))).text == "[0-9A-C\\x2D\\u00E9]"


@pytest.mark.parametrize(
    ("low", "high"), [(0, 3), (2, 2), (0, 1500), (1200, 1203), (1001, None), (1000, 2300), (150, 1250)]
)
def test_long_repeats_keep_their_bounds(low: int, high: int | None) -> None:
    """Repeats that are split into blocks accept the same counts, and no repeat is beyond what engines take."""
    made = grammar()
    parts = made.repeat("item", (literal("a"),), low, high)
    text = made.render(made.add("rule", [parts])) or ""
    read = Gbnf.read(text)
    for count in {0, 1, low - 1, low, low + 1, low + 99, low + 101, (high or low) - 1, high or low, (high or low) + 1}:
        if count >= 0:
            assert read.accepts("a" * count) is (low <= count and (high is None or count <= high)), count


def test_rules_that_cannot_end_are_left_out() -> None:
    """An alternative that never ends disappears; a root that never ends is None."""
    made = grammar()
    endless = made.reserve("endless")
    made.define(endless, [(literal("x"), endless)])
    optional = Repeat((endless,), 0, None)
    root = made.add("root", [(literal("a"), endless), (literal("b"), optional)])
    assert Gbnf.read(made.render(root) or "").accepts("b")
    assert "endless" not in (made.render(root) or "")
    assert made.render(endless) is None


def test_equal_bodies_share_a_rule() -> None:
    """The same body is written once."""
    made = grammar()
    assert made.add("one", [(literal("x"),), EMPTY]) == made.add("two", [(literal("x"),), EMPTY])


def test_rules_cost_budget() -> None:
    """A grammar cannot grow without end."""
    made = Grammar(Budget(param="schema", steps_max=100))
    body = [(literal(str(number)),) for number in range(100)]
    with pytest.raises(BadRequest, match="too complex"):
        made.add("rule", body)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0, None, "*"),
        (1, None, "+"),
        (0, 1, "?"),
        (1, 1, ""),
        (2, 2, "{2}"),
        (0, 0, "{0}"),
        (2, None, "{2,}"),
        (0, 3, "{0,3}"),
    ],
)
def test_bounds_are_written_briefly(low: int, high: int | None, text: str) -> None:
    """A mark where there is one, else numbers."""
    assert bounds_text(low, high) == text
