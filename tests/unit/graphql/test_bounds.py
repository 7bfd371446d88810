"""Bounds on queries: depth, fields with their fragments in place, and what stands below itself."""

from __future__ import annotations

import pytest
from graphql import get_introspection_query, parse

from antiphon.errors import BadRequest
from antiphon.graphql.bounds import COST_MAX, DEPTH_MAX, READING_COST, check
from antiphon.graphql.schema import load_schema

SCHEMA = load_schema()
DOUBLING = " ".join(f"fragment f{i} on User {{ ...f{i + 1} ...f{i + 1} }}" for i in range(20))


@pytest.mark.parametrize(
    "text",
    [
        "{ me { id name teams { team { id } } } }",
        "query A { me { id } } query B { me { id } }",
        get_introspection_query(),
        "{ " + " ".join(f'a{i}: model(idOrKey: "m") {{ id }}' for i in range(COST_MAX // (READING_COST + 1))) + " }",
    ],
)
def test_what_clients_and_tools_ask_is_within(text: str) -> None:
    """Also several operations, each for itself, and the whole schema."""
    check(SCHEMA, parse(text))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{ x " * (DEPTH_MAX + 2) + "{ id }" + " }" * (DEPTH_MAX + 2), "deep"),
        ("{ me { " + "id " * (COST_MAX + 1) + "} }", "too much"),
        (
            "{ " + " ".join(f'a{i}: model(idOrKey: "m") {{ id }}' for i in range(COST_MAX // READING_COST + 1)) + " }",
            "too much",
        ),
        (f"{{ me {{ ...f0 }} }} {DOUBLING} fragment f20 on User {{ id }}", "too much"),
        ("{ me { ...a } } fragment a on User { ...b } fragment b on User { ...a }", "deep"),
        ("fragment a on User { ...a ...a }", "deep"),
        (
            "fragment a on Completion { comparisonScores { otherCompletion { comparisonScores { id } } } }",
            "below itself",
        ),
    ],
)
def test_bombs_are_refused_before_they_go_off(text: str, rule: str) -> None:
    """Whatever they are made of: nesting, aliases, fragments that double, fragments that lead to themselves."""
    with pytest.raises(BadRequest, match=rule):
        check(SCHEMA, parse(text))
