"""Schemas that answers are bound to, and the check that does not trust the gateway: a validator of another maker."""

from __future__ import annotations

import json

import jsonschema_rs

from .answers import JSON

TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer", "minimum": 0, "maximum": 9},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["value", "next"],
            "additionalProperties": False,
        }
    },
}


def record(**properties: object) -> JSON:
    """An object that has exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


PERSON = record(
    name={"type": "string", "minLength": 1, "maxLength": 10}, age={"type": "integer", "minimum": 0, "maximum": 120}
)

BOUND: dict[str, JSON] = {
    "flat": PERSON,
    "nested": record(person=PERSON, tags={"type": "array", "items": {"type": "string", "maxLength": 6}, "maxItems": 2}),
    "enum": record(colour={"enum": ["red", "green", "blue"]}, size={"enum": [1, 2, 3]}),
    "const": record(kind={"const": "fox"}),
    "pattern": record(code={"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"}),
    "array": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 6}, "minItems": 3, "maxItems": 3},
    "union": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 99}, {"enum": ["none"]}]},
    "nullable": record(nickname={"type": ["string", "null"], "maxLength": 5}, ok={"type": "boolean"}),
    "numbers": record(x={"type": "number", "minimum": -1, "maximum": 1}),
    "format": record(day={"type": "string", "format": "date"}),
    "optional": {"type": "object", "properties": {"a": {"type": "boolean"}, "b": {"type": "boolean"}},
                 "required": ["a"], "additionalProperties": False},
    "tuple": {"type": "array", "prefixItems": [{"type": "boolean"}, {"enum": ["x"]}], "items": False, "minItems": 2},
}  # fmt: skip


def shape(schema: object, **more: object) -> JSON:
    """The response_format for a schema."""
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema} | more}


def valid(schema: JSON, text: str) -> bool:
    """Whether the text is JSON that the schema accepts, formats included."""
    return jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(json.loads(text))
