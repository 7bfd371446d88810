"""Schemas that nobody can follow, or that would cost an engine its stack: 400 that names the place, in bounded time."""

from __future__ import annotations

from .case import JSON, Case, chat, good

PLACE = "response_format.json_schema.schema"


def nested(depth: int, *, of: str = "properties") -> JSON:
    """Objects within objects, or arrays within arrays."""
    schema: JSON = {"type": "string"}
    for _ in range(depth):
        wrapped = {"type": "object", "properties": {"a": schema}}
        schema = wrapped if of == "properties" else {"type": "array", "items": schema}
    return schema


def doubling(levels: int, width: int = 8) -> JSON:
    """Definitions that each use the next one several times: a small text, width^levels nodes."""
    definitions: JSON = {
        f"d{level}": {
            "type": "object",
            "properties": {f"p{n}": {"$ref": f"#/$defs/d{level + 1}"} for n in range(width)},
        }
        for level in range(levels)
    }
    return {"$ref": "#/$defs/d0", "$defs": {**definitions, f"d{levels}": {"type": "string"}}}


def text(**rules: JSON) -> JSON:
    """A string with these rules, as a property: at the top it would be no object."""
    return {"type": "object", "properties": {"a": {"type": "string", **rules}}, "required": ["a"]}


def items(**rules: JSON) -> JSON:
    """An array with these rules, as a property."""
    return {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}, **rules}}}


REFUSED: dict[str, JSON] = {
    "a string": "object",
    "a list": [],
    "a number": 5,
    "null": None,
    "unknown type": {"type": "text"},
    "type is a number": {"type": 5},
    "properties is a list": {"type": "object", "properties": []},
    "property is a string": {"type": "object", "properties": {"a": "string"}},
    "required is a string": {"type": "object", "properties": {"a": {}}, "required": "a"},
    "enum is a string": text(enum="abc"),
    "empty enum": {"enum": []},
    "remote reference": {"$ref": "http://127.0.0.1:9/schema.json"},
    "file reference": {"$ref": "file:///etc/passwd"},
    "reference to nothing": {"$ref": "#/$defs/missing"},
    "reference to itself": {"$ref": "#"},
    "references in a ring": {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    "reference is a number": {"$ref": 5},
    "pattern is a number": text(pattern=5),
    "pattern without an end": text(pattern="(abc"),
    "pattern of 100,000 characters": text(pattern="a" * 100_000),
    "pattern 20,000 deep": text(pattern="(" * 20_000 + ")" * 20_000),
    "pattern with a back reference": text(pattern="(a)\\1"),
    "minLength is a string": text(minLength="5"),
    "minLength is negative": text(minLength=-1),
    "minItems is a billion": items(minItems=10**9),
    "minLength is a billion": text(minLength=10**9),
    "100 levels of objects": nested(100),
    "100 levels of arrays": nested(100, of="items"),
    "5,000 properties": {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(5000)}},
    "enum of 100,000": {"enum": [f"v{n}" for n in range(100_000)]},
}
EITHER: dict[str, JSON] = {
    "nested quantifiers": text(pattern="^(a+)+$"),
    "repeat of a billion": text(pattern="^a{1,1000000000}$"),
    "maxLength is a billion": text(maxLength=10**9),
    "maxItems is a billion": items(maxItems=10**9),
    "unknown format": text(format="colour"),
    "unknown keyword": {"type": "object", "x-colour": "red"},
    "NUL in a key": {"type": "object", "properties": {"a\x00b": {"type": "string"}}},
    "quotes in a key": {"type": "object", "properties": {'"] ::= x\n': {"type": "string"}}},
    "grammar in an enum": {"enum": ['" | root ::= "x']},
    "8^11 nodes": doubling(11),
    "nothing fits": {"not": {}},
    "true": True,
    "false": False,
    "recursion with an end": {"type": "object", "properties": {"next": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}},
    "deep allOf": {"allOf": [{"allOf": [{"allOf": [{"type": "object"}]}]}]},
    "impossible number": {"type": "object", "properties": {"a": {"type": "integer", "minimum": 5, "maximum": 1}}},
}


def cases() -> list[Case]:
    """All of them."""
    refused = [chat(f"schema: {name}", _asked(schema), 400, param=f"{PLACE}*") for name, schema in REFUSED.items()]
    either = [chat(f"schema, either: {name}", _asked(schema), 200, 400, 502) for name, schema in EITHER.items()]
    as_tool = [
        chat(f"tool schema: {name}", _as_tool(schema), 400, param="tools[0].function.parameters*")
        for name, schema in REFUSED.items()
        if isinstance(schema, dict)
    ]
    return [*refused, *either, *as_tool]


def _asked(schema: JSON) -> JSON:
    """A good request that asks for this schema; a document of a few tokens must be allowed to end."""
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    return good(response_format=wanted, max_tokens=500)


def _as_tool(schema: JSON) -> JSON:
    """A good request with a tool that takes this."""
    return good(tools=[{"type": "function", "function": {"name": "look", "parameters": schema}}])
