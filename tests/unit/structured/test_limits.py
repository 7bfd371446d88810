"""Hostile and broken schemas: refused with the keyword's place, soon."""

from __future__ import annotations

import contextlib
import time
from typing import Any  # schemas that are none

import pytest

from antiphon.errors import BadRequest
from antiphon.structured.grammar import compile_schema


def nested(depth: int) -> dict[str, Any]:
    """A schema of so many levels."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth - 1):
        schema = {"type": "array", "items": schema}
    return schema


def refused(schema: Any) -> BadRequest:
    """The error that a schema gets."""
    with pytest.raises(BadRequest) as caught:
        compile_schema(schema, param="s")
    return caught.value


@pytest.mark.parametrize(
    ("schema", "param"),
    [
        ({"type": "string", "pattern": 5}, "s.pattern"),
        ({"type": "strin"}, "s.type"),
        ({"type": []}, "s.type"),
        ({"type": ["string", "string"]}, "s.type"),
        ({"properties": []}, "s.properties"),
        ({"properties": {"a": 1}}, "s.properties.a"),
        ({"properties": {"a": {"items": "x"}}}, "s.properties.a.items"),
        ({"items": [{"type": "string"}]}, "s.items"),
        ({"required": "a"}, "s.required"),
        ({"required": ["a", "a"]}, "s.required"),
        ({"minLength": -1}, "s.minLength"),
        ({"maxLength": 1.5}, "s.maxLength"),
        ({"maxItems": True}, "s.maxItems"),
        ({"minimum": "1"}, "s.minimum"),
        ({"exclusiveMinimum": True}, "s.exclusiveMinimum"),
        ({"multipleOf": 0}, "s.multipleOf"),
        ({"enum": []}, "s.enum"),
        ({"enum": list(range(501))}, "s.enum"),
        ({"anyOf": []}, "s.anyOf"),
        ({"anyOf": [{}, 3]}, "s.anyOf[1]"),
        ({"$ref": 5}, "s.$ref"),
        ({"$ref": "https://example.com/x"}, "s.$ref"),
        ({"$ref": "file:///etc/passwd"}, "s.$ref"),
        ({"$ref": "other.json#/a"}, "s.$ref"),
        ({"$ref": "#/$defs/missing"}, "s.$ref"),
        ({"$ref": "#nowhere"}, "s.$ref"),
        ({"$dynamicRef": "#a"}, "s.$dynamicRef"),
        ({"$schema": "https://example.com/mine"}, "s.$schema"),
        ({"uniqueItems": "yes"}, "s.uniqueItems"),
        ({"dependentRequired": {"a": "b"}}, "s.dependentRequired"),
        ({"pattern": "a" * 513}, "s.pattern"),
        ({"pattern": "(" * 20000}, "s.pattern"),
        ({"patternProperties": {"a" * 513: {}}}, "s.patternProperties"),
        ({"type": "string", "pattern": "(?=x)y"}, "s.pattern"),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "s.uniqueItems"),
        ({"type": "array", "unevaluatedItems": False}, "s.unevaluatedItems"),
        ({"type": "integer", "not": {"multipleOf": 3}}, "s.not.multipleOf"),
        ({"properties": {"x": {"not": {"format": "date"}}}}, "s.properties.x.not.format"),
        ({"oneOf": [{"multipleOf": 3}, {"multipleOf": 5}]}, "s.oneOf"),
        ({"type": "string", "minLength": 10**9}, "s.minLength"),
        ({"type": "array", "minItems": 10**9}, "s.minItems"),
        ({"type": "array", "contains": {}, "minContains": 10**9}, "s.minContains"),
        ({"type": "integer", "multipleOf": 7919}, "s.multipleOf"),
        ({"type": "integer", "minimum": 10**18 * 9.5}, "s.minimum"),
        ({"$defs": {"a": {"$id": "https://example.com/a"}}}, "s.$defs.a.$id"),
        (5, "s"),
        (None, "s"),
        ({"minimum": float("inf")}, "s"),
        ({"default": float("nan")}, "s"),
        ({"minimum": 2**70}, "s.minimum"),
        ({"const": "\ud800"}, "s"),
        ({"description": "x" * 70000}, "s"),
        ({"anyOf": [{"type": "string"}] * 1001}, "s"),
    ],
)
def test_the_place_of_the_fault_is_named(schema: Any, param: str) -> None:
    """The error's param is the path of the keyword, or the schema itself for what concerns all of it."""
    error = refused(schema)
    assert error.param == param
    assert error.message.startswith((param, "s"))


@pytest.mark.parametrize("depth", [33, 100, 200, 20_000])
def test_deep_schemas_are_refused(depth: int) -> None:
    """Beyond 32 levels, without running out of stack."""
    assert "deeper" in refused(nested(depth)).message


def test_the_deepest_schema_that_is_allowed_compiles() -> None:
    """32 levels are fine."""
    assert compile_schema(nested(32), param="s").grammar


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"anyOf": [{"$ref": "#"}, {"type": "string"}]},
        {"not": {"$ref": "#"}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        {"type": "object", "properties": {"me": {"$ref": "#"}}, "required": ["me"]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 1},
        {"type": "string", "minLength": 5, "maxLength": 4},
        {"type": "string", "const": 5},
        {"type": "integer", "minimum": 5, "maximum": 4},
        {"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 5},
        {"type": "object", "properties": {"a": False}, "required": ["a"]},
        {"allOf": [{"type": "string"}, {"type": "object"}]},
        {"type": "object", "properties": {"a": {}}, "minProperties": 2},
        False,
    ],
)
def test_what_nothing_satisfies_is_refused(schema: Any) -> None:
    """Endless or contradictory schemas get an answer, not a grammar that never ends."""
    assert refused(schema).param


def hostile() -> dict[str, Any]:
    """Schemas that are small to send and large to expand."""
    power = {
        f"d{i}": {"type": "object", "properties": {f"x{j}": {"$ref": f"#/$defs/d{i + 1}"} for j in range(8)}}
        for i in range(11)
    }
    wide = {f"p{i}": {"type": "integer", "minimum": i, "maximum": 10**9 + i} for i in range(900)}
    overlap = [{"type": "object", "properties": {"k": {"type": "string", "minLength": i}}} for i in range(300)]
    return {
        "8^11 references": {"$ref": "#/$defs/d0", "$defs": power | {"d11": {"type": "string"}}},
        "2^30 alternatives": {
            "allOf": [{"anyOf": [{"required": [f"a{i}"]}, {"required": [f"b{i}"]}]} for i in range(30)]
        },
        "wide ranges": {"type": "object", "properties": wide},
        "overlapping branches": {"oneOf": overlap},
        "counted properties": {"type": "object", "properties": {f"p{i}": {} for i in range(900)}, "minProperties": 400},
        "counted distinct items": {
            "type": "array",
            "items": {"enum": list(range(500))},
            "uniqueItems": True,
            "minItems": 99,
        },
        "exploding pattern": {"type": "string", "pattern": "^(.*a.{20})*$"},
        "long enum beside pattern": {"enum": [f"{i}" + "a" * 120 for i in range(490)], "pattern": "^(\\w+\\s?)*$"},
        "long literal array": {"enum": [list(range(12000))], "uniqueItems": True},
        "stairs of words": {"enum": ["a" * i for i in range(1, 350)]},
        "dependencies": {"dependentRequired": {f"p{i}": [f"p{i + 1}"] for i in range(40)}},
        "names to avoid": {"additionalProperties": {}, "properties": {"x" * 60 + str(i): {} for i in range(800)}},
        "many formats": {
            "properties": {f"p{i}": {"format": name} for i, name in enumerate(["uri", "email", "ipv6"] * 300)}
        },
        "negated enums": {"not": {"enum": [f"some text {i}" * 8 for i in range(480)]}, "type": "string"},
        "long lengths": {"type": "array", "maxItems": 10**12, "items": {"type": "string", "maxLength": 10**12}},
    }


@pytest.mark.parametrize("name", hostile())
def test_hostile_schemas_are_compiled_or_refused_soon(name: str) -> None:
    """Either way within a bounded time; the bound is generous, as the work is counted in steps elsewhere."""
    started = time.thread_time()
    with contextlib.suppress(BadRequest):
        assert len(compile_schema(hostile()[name], param="s").grammar) < 300_000
    assert time.thread_time() - started < 2
