"""How alternatives, negations, conditions and references are resolved, seen in what the grammars accept."""

from __future__ import annotations

import json
from typing import Any  # schemas and instances are plain JSON

import pytest

from antiphon.errors import BadRequest
from antiphon.structured.grammar import compile_schema
from tests.unit.structured.gbnf_reader import Gbnf

OBJECT: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}
SHORT_OR_LONG = {"type": "string", "oneOf": [{"maxLength": 3}, {"minLength": 2}]}
COUNTRY = {
    "type": "object",
    "properties": {"land": {"enum": ["US", "DE"]}, "zip": {"type": "string"}},
    "required": ["land", "zip"],
    "if": {"properties": {"land": {"const": "US"}}},
    "then": {"properties": {"zip": {"pattern": "^[0-9]{5}$"}}},
    "else": {"properties": {"zip": {"pattern": "^D"}}},
}
HIDDEN = {"allOf": [{"properties": {"a": True}}], "unevaluatedProperties": False, "type": "object"}
CARD = {"type": "object", "properties": {"card": {"type": "integer"}, "owner": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "yes", "no"),
    [
        (SHORT_OR_LONG, ["", "a", "abcd"], ["ab", "abc"]),
        (OBJECT | {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, [{"a": 1}, {"b": 1}], [{}, {"a": 1, "b": 1}]),
        (OBJECT | {"not": {"required": ["a"]}}, [{}, {"b": 1}], [{"a": 1}]),
        (OBJECT | {"not": {"properties": {"a": {"minimum": 5}}}}, [{"a": 4}], [{"a": 5}, {}]),
        (
            OBJECT | {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
            [{}, {"b": 1}, {"a": 1, "b": 2}],
            [{"a": 1}],
        ),
        (COUNTRY, [{"land": "US", "zip": "12345"}, {"land": "DE", "zip": "D1"}], [{"land": "US", "zip": "D1"}]),
        (
            CARD | {"dependentRequired": {"card": ["owner"]}},
            [{}, {"owner": "x"}, {"card": 1, "owner": "x"}],
            [{"card": 1}],
        ),
        (HIDDEN, [{}, {"a": [1]}], [{"b": 1}]),
        ({"not": {"anyOf": [{"type": "string"}, {"type": "number"}]}}, [None, True, [1]], ["x", 1, 1.5]),
        ({"type": "integer", "not": {"enum": [1, 3]}, "minimum": 0, "maximum": 4}, [0, 2, 4], [1, 3, 5]),
        ({"allOf": [{"enum": [1, 2, 3]}, {"not": {"const": 2}}]}, [1, 3], [2]),
        ({"$ref": "#/$defs/s", "maxLength": 2, "$defs": {"s": {"type": "string"}}}, ["ab"], ["abc", 1]),
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "maxLength": 1}, ["a", None], ["ab"]),
    ],
)
def test_what_is_accepted(schema: Any, yes: list[Any], no: list[Any]) -> None:
    """Values that keep the schema are in the grammar, others are not."""
    read = Gbnf.read(compile_schema(schema, param="s").grammar)
    for value in yes:
        assert read.accepts(json.dumps(value)), value
    for value in no:
        assert not read.accepts(json.dumps(value)), value


def test_tagged_branches_need_no_negation() -> None:
    """A hundred branches with a required const each compile to a hundred alternatives, and no more."""
    branches = [
        {"type": "object", "properties": {"kind": {"const": f"k{i}"}, "x": {"multipleOf": 7}}, "required": ["kind"]}
        for i in range(100)
    ]
    read = Gbnf.read(compile_schema({"oneOf": branches}, param="s").grammar)
    assert read.accepts('{"kind": "k42"}')
    assert not read.accepts('{"kind": "k100"}')


@pytest.mark.parametrize(
    "branches",
    [
        [{"multipleOf": 2}, {"multipleOf": 3}],
        [{"type": "string", "format": "uri"}, {"type": "string", "format": "email"}],
        [{"type": "string", "format": "uri-template"}, {"const": "plain"}],
    ],
)
def test_branches_that_cannot_be_told_apart_are_refused(branches: list[Any]) -> None:
    """Where neither disjointness nor the opposite can be written, the error names `oneOf`."""
    with pytest.raises(BadRequest, match="oneOf has branches that may hold at once") as caught:
        compile_schema({"oneOf": branches}, param="s")
    assert caught.value.param == "s.oneOf"


def test_too_many_combinations_are_refused() -> None:
    """Alternatives beside alternatives multiply only so far."""
    both = [{"anyOf": [{"required": [f"a{i}"]}, {"required": [f"b{i}"]}]} for i in range(10)]
    with pytest.raises(BadRequest, match="combinations"):
        compile_schema({"type": "object", "allOf": both}, param="s")
