"""Tests of the documents that the fault engine makes from schemas."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.testing.document import DEPTH_MAX, document

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 3},
        "age": {"type": "integer", "minimum": 18, "maximum": 30},
    },
    "required": ["name", "age"],
}


def test_document_repeats_by_key() -> None:
    """The same key gives the same document; some other key gives another."""
    assert document(PERSON, b"k") == document(PERSON, b"k")
    assert any(document(PERSON, b"k") != document(PERSON, b"%d" % n) for n in range(9))


def test_object_keeps_bounds() -> None:
    """All properties are there, within their bounds, for many keys."""
    for number in range(50):
        person = document(PERSON, b"%d" % number)
        assert set(person) == {"name", "age"}
        assert len(person["name"]) >= 3
        assert 18 <= person["age"] <= 30


@pytest.mark.parametrize(
    ("schema", "allowed"),
    [
        ({"const": {"a": 1}}, [{"a": 1}]),
        ({"enum": ["x", "y"]}, ["x", "y"]),
        ({"type": "boolean"}, [True, False]),
        ({"type": "null"}, [None]),
        ({"type": ["null", "string"]}, [None]),
        ({"anyOf": [{"const": 1}, {"const": 2}]}, [1, 2]),
        ({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}, [{"a": 1, "b": 2}]),
        ({"$ref": "#/$defs/d", "$defs": {"d": {"const": 5}}}, [5]),
        ({"type": "string", "maxLength": 0}, [""]),
        ({"type": "array", "items": {"const": 0}, "maxItems": 0}, [[]]),
        (True, [None]),
    ],
)
def test_document_fits_its_schema(schema: Any, allowed: list[Any]) -> None:  # Any: JSON
    """Each keyword that is known is obeyed."""
    for number in range(20):
        assert document(schema, b"%d" % number) in allowed


def test_numbers_and_arrays_have_their_types() -> None:
    """A number has a fraction, an array holds items of the item schema."""
    assert isinstance(document({"type": "number"}, b"k"), float)
    assert all(isinstance(item, int) for item in document({"type": "array", "items": {"type": "integer"}}, b"k"))


def test_recursion_ends() -> None:
    """A schema that refers to itself ends in null at the depth limit."""
    found = document({"$ref": "#"}, b"k")
    nested = document({"type": "object", "properties": {"next": {"$ref": "#"}}}, b"k")
    depth = 0
    while nested is not None:
        nested, depth = nested["next"], depth + 1
    assert found is None
    assert 1 < depth <= DEPTH_MAX
