"""Patterns against Python's own regular expressions, which search as JSON Schema does."""

from __future__ import annotations

import contextlib
import random
import re

import pytest

from antiphon.errors import BadRequest
from antiphon.structured.automata import Automaton
from antiphon.structured.budget import Budget
from antiphon.structured.matching import search
from antiphon.structured.patterns import PatternError

SEED = 20261121


def found_in(pattern: str) -> Automaton:
    """The automaton of a pattern."""
    return search(pattern, budget=Budget(param="schema"), param="schema.pattern")


def random_pattern(randomness: random.Random, depth: int) -> str:
    """A pattern of characters, classes, anchors, groups and repetitions."""
    kind = randomness.random()
    if depth == 0 or kind < 0.35:
        return randomness.choice(["a", "b", "c", "[ab]", "[^a]", ".", r"\d", r"\w", "[a-c]", "^", "$"])
    if kind < 0.55:
        return random_pattern(randomness, depth - 1) + random_pattern(randomness, depth - 1)
    if kind < 0.7:
        return f"({random_pattern(randomness, depth - 1)}|{random_pattern(randomness, depth - 1)})"
    repeat = randomness.choice(["", "*", "+", "?", "{2}", "{1,2}", "{0,3}", "{1,}", "*?"])
    return f"(?:a{random_pattern(randomness, depth - 1)}){repeat}"


def test_random_patterns_match_what_python_matches() -> None:
    """Of 600 random patterns, each finds itself in exactly the texts in which Python finds it."""
    randomness = random.Random(SEED)
    compared = 0
    for _ in range(600):
        pattern = random_pattern(randomness, 4)
        automaton = found_in(pattern)
        expression = re.compile(pattern)
        for _ in range(12):
            text = "".join(randomness.choice("abc1_x ") for _ in range(randomness.randrange(7)))
            compared += 1
            assert automaton.accepts(text) is bool(expression.search(text)), (SEED, pattern, text)
    assert compared == 7200


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (r"^[\u00e9\x41\t]$", "é", "B"),
        (r"^\ud83d\ude00$", "😀", "x"),
        (r"^\u{1F600}$", "😀", "x"),
        (r"^\cJ$", "\n", "J"),
        (r"^[^\n]$", "é", "\n"),
        (r"^\/\.$", "/.", "/x"),
        (r"^[\]\-]+$", "]-", "x"),
        (r"^a{2}$", "aa", "a"),
        ("", "anything", None),
        (r"$^", "", "x"),
        (r"^\S$", "é", "\u2003"),
        (r"^\D$", "x", "5"),
    ],
)
def test_escapes_and_edges(pattern: str, yes: str, no: str | None) -> None:
    """Escapes stand for what ECMA-262 says."""
    automaton = found_in(pattern)
    assert automaton.accepts(yes)
    assert no is None or not automaton.accepts(no)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?=a)b", "look-around"),
        ("(?<!a)b", "look-around"),
        (r"(a)\1", "not supported"),
        (r"\bword", "not supported"),
        (r"\p{L}", "not supported"),
        ("(?i)a", "groups"),
        ("(a", "without its"),
        ("a)", "without its"),
        ("[a", "ends too early"),
        ("*a", "nothing to repeat"),
        ("a**", "needs a group"),
        ("a{3,2}", "out of order"),
        ("a{1001}", "repeats more"),
        ("a{99999999999}", "repeats more"),
        ("[z-a]", "out of order"),
        (r"[\d-z]", "class"),
        (r"\x4", "ends too early"),
        (r"\ud800", "surrogate"),
        ("x{", "must be written"),
        ("(" * 17 + "a" + ")" * 17, "deeper"),
        ("(a{1,1000}){1,1000}", "too large"),
    ],
)
def test_what_is_not_regular_is_refused(pattern: str, why: str) -> None:
    """The error says what is in the way."""
    with pytest.raises(PatternError, match=why):
        found_in(pattern)


@pytest.mark.parametrize("pattern", ["^(.*a.{15})$", "^(a|aa|aaa){1,200}b$", "(x+x+)+y", "^(a?){100}a{100}$"])
def test_explosive_patterns_end_soon(pattern: str) -> None:
    """Patterns that hurt other engines compile within the budget, or are refused when it is spent."""
    budget = Budget(param="schema")
    with contextlib.suppress(BadRequest):
        search(pattern, budget=budget, param="schema.pattern")
    assert budget.left > -10_000
