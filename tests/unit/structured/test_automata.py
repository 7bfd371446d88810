"""Automata and what can be made of them."""

from __future__ import annotations

import pytest

from antiphon.errors import BadRequest
from antiphon.structured import automata, charsets
from antiphon.structured.budget import Budget


def budget() -> Budget:
    """A fresh budget."""
    return Budget(param="schema")


def test_words_are_accepted_and_nothing_else() -> None:
    """A list of words is exactly that."""
    words = automata.words(["a", "ab", ""], budget=budget(), param="p")
    assert [words.accepts(text) for text in ("a", "ab", "", "b", "abc")] == [True, True, True, False, False]


def test_complement_turns_every_answer() -> None:
    """Within the alphabet, what was accepted no longer is, and the reverse."""
    words = automata.words(["a", "bc"], budget=budget(), param="p")
    others = automata.complement(words, charsets.PRINTABLE, budget=budget(), param="p")
    for text in ("a", "bc", "", "b", "bcd", "zz"):
        assert others.accepts(text) is not words.accepts(text)
    assert not others.accepts("é")


def test_intersection_and_emptiness() -> None:
    """What both accept; nothing is left of two that share nothing."""
    some = automata.words(["a", "b"], budget=budget(), param="p")
    other = automata.words(["b", "c"], budget=budget(), param="p")
    third = automata.words(["d"], budget=budget(), param="p")
    assert automata.intersect(some, other, budget=budget(), param="p").accepts("b")
    assert automata.intersect(some, third, budget=budget(), param="p").empty


@pytest.mark.parametrize(("low", "high"), [(0, 0), (2, 4), (3, None)])
def test_lengths_are_measured_as_they_were_made(low: int, high: int | None) -> None:
    """The shortest and longest text of a length automaton are its bounds."""
    counted = automata.length_between(low, high, budget=budget(), param="p")
    assert automata.lengths(counted) == (low, high)
    assert counted.accepts("é" * low)
    assert not counted.accepts("x" * (low - 1)) or low == 0


def test_the_budget_ends_a_large_automaton() -> None:
    """More states than the budget pays for are refused by name."""
    with pytest.raises(BadRequest, match="too complex") as caught:
        automata.length_between(0, 10**9, budget=budget(), param="schema.maxLength")
    assert caught.value.param == "schema.maxLength"
