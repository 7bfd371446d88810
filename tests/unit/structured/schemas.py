"""Some two hundred varied schemas, all of which must compile; every text of their grammars must be valid."""

from __future__ import annotations

from typing import Any  # schemas are plain JSON

Schema = dict[str, Any] | bool

S = {"type": "string"}
I = {"type": "integer"}  # noqa: E741 - one letter a type keeps the tables below readable
N = {"type": "number"}
B = {"type": "boolean"}


def record(**properties: Schema) -> dict[str, Any]:
    """A closed object, all of whose properties are required."""
    closed = {"required": list(properties), "additionalProperties": False}
    return {"type": "object", "properties": properties, **closed}


def array(items: Schema, **more: object) -> dict[str, Any]:
    """An array of `items`."""
    return {"type": "array", "items": items, **more}


def all_schemas() -> dict[str, Schema]:
    """Every schema by its name."""
    families = (
        scalars,
        strings,
        numbers,
        enums,
        objects,
        open_objects,
        arrays,
        unions,
        logic,
        references,
        applications,
    )
    return {name: schema for family in families for name, schema in family().items()}


def scalars() -> dict[str, Schema]:
    """Types alone and in lists."""
    types = ("null", "boolean", "integer", "number", "string", "array", "object")
    singles: dict[str, Schema] = {f"type {name}": {"type": name} for name in types}
    pairs: dict[str, Schema] = {
        f"type {a} or {b}": {"type": [a, b]} for a, b in zip(types, (*types[2:], *types[:2]), strict=True)
    }
    return {
        **singles, **pairs, "true": True, "empty": {},
        "annotations only": {"title": "T", "description": "d", "default": 1, "examples": [2], "$comment": "c"},
        "annotated string": {"type": "string", "title": "Name", "deprecated": True, "readOnly": True, "x-own": {"a": 1}},
    }  # fmt: skip


def strings() -> dict[str, Schema]:
    """Lengths, patterns and formats."""
    formats = (
        "date time date-time duration email idn-email hostname idn-hostname ipv4 ipv6 uuid uri iri uri-reference "
        "iri-reference uri-template json-pointer relative-json-pointer regex"
    ).split()
    patterns = [
        "^[A-Z]{2}-[0-9]{3}$", "abc", "^a", "z$", "^(foo|bar)+$", "^\\d{3}-\\d{4}$", "^\\w+@\\w+\\.(com|org)$", "[0-9]",
        "^$", "^.{2,5}$", "^[^a-z]+$", "^\\S+$", "^(?:red|green|blue)$", "^#(?:[0-9a-fA-F]{3}){1,2}$", "^v?\\d+(\\.\\d+){0,2}$",
        "^\\+?[1-9]\\d{1,14}$", "^[\\u00e0-\\u00ff]+$", "^\\\\n$", '^"quoted"$', "^a|b$", "^[a-c]*[x-z]+$", "^(a?b?c?){2}$",
        "^\\t|\\n$", "^[-+*/]$", "^[\\]\\[]{2}$", "^(?<year>[12]\\d{3})$", "^\\D+$", "^\\W$", "^[\\s\\d]+$", "^é+$",
    ]  # fmt: skip
    schemas: dict[str, Schema] = {f"format {name}": {"type": "string", "format": name} for name in formats}
    schemas |= {f"pattern {pattern}": {"type": "string", "pattern": pattern} for pattern in patterns}
    lengths = [(0, 0), (1, 1), (3, 7), (0, 20), (5, None), (0, 1200), (1001, 1300), (2, 100)]
    for low, high in lengths:
        limit = {} if high is None else {"maxLength": high}
        schemas[f"length {low}..{high}"] = {"type": "string", "minLength": low, **limit}
    return schemas | {
        "pattern and length": {"type": "string", "pattern": "^[a-z]+$", "minLength": 3, "maxLength": 6},
        "pattern without end and length": {"type": "string", "pattern": "x", "maxLength": 4},
        "two patterns": {"type": "string", "allOf": [{"pattern": "^[a-z]+$"}, {"pattern": "[xyz]"}]},
        "format and length": {"type": "string", "format": "ipv4", "maxLength": 9},
        "unknown format": {"type": "string", "format": "colour", "maxLength": 9},
        "base64": {"type": "string", "contentEncoding": "base64", "maxLength": 12},
    }


def numbers() -> dict[str, Schema]:
    """Ranges and steps."""
    ranges: list[dict[str, Any]] = [
        {"minimum": 0}, {"maximum": 0}, {"minimum": 1, "maximum": 10}, {"minimum": -5, "maximum": 5}, {"maximum": -3},
        {"exclusiveMinimum": 0}, {"exclusiveMinimum": -1, "exclusiveMaximum": 1}, {"minimum": 17, "maximum": 17},
        {"minimum": 99, "maximum": 1001}, {"minimum": -1000, "maximum": -998}, {"minimum": 0.5, "maximum": 100.25},
        {"minimum": 1e3, "maximum": 1e6}, {"minimum": 2000000000}, {"minimum": -9223372036854775808, "maximum": 9223372036854775807},
    ]  # fmt: skip
    schemas: dict[str, Schema] = {}
    for limits in ranges:
        schemas[f"integer {limits}"] = {"type": "integer", **limits}
        schemas[f"number {limits}"] = {"type": "number", **limits}
    for step in (2, 5, 7, 10, 25):
        schemas[f"multiple of {step}"] = {"type": "integer", "multipleOf": step, "minimum": 0, "maximum": 500}
    return schemas | {
        "cents": {"type": "number", "multipleOf": 0.01, "minimum": 0, "maximum": 100},
        "halves": {"type": "number", "multipleOf": 0.5},
        "two steps": {"type": "integer", "allOf": [{"multipleOf": 4}, {"multipleOf": 6}]},
        "tight number": {"type": "number", "minimum": 0.1, "maximum": 0.2},
        "open tight number": {"type": "number", "exclusiveMinimum": 0.125, "exclusiveMaximum": 0.126},
        "draft 4 bounds": {
            "$schema": "http://json-schema.org/draft-04/schema#", "type": "integer",
            "minimum": 3, "exclusiveMinimum": True, "maximum": 6, "exclusiveMaximum": True,
        },
    }  # fmt: skip


def enums() -> dict[str, Schema]:
    """Fixed values."""
    return {
        "enum strings": {"enum": ["red", "green", "blue"]},
        "enum shared beginnings": {"enum": ["a", "ab", "abc", "abd", "b", ""]},
        "enum mixed": {"enum": [1, 1.5, "1", True, None, [1, {"a": "b"}], {"k": [None]}]},
        "enum escapes": {"enum": ['quo"te', "back\\slash", "line\nend", "tab\t", "é", "漢字", "😀", "\u0001"]},
        "enum of one type": {"type": "string", "enum": ["a", 1, "b", None]},
        "enum kept by pattern": {"enum": ["ab", "cd", "abc"], "pattern": "^ab"},
        "enum kept by range": {"enum": [1, 5, 9, 13], "minimum": 4, "maximum": 10},
        "const string": {"const": "only"},
        "const number": {"const": 3.25},
        "const object": {"const": {"a": [1, 2, {"b": None}]}},
        "const in allOf": {"allOf": [{"enum": [1, 2, 3]}, {"enum": [2, 3, 4]}]},
        "large enum": {"enum": [f"value {number}" for number in range(500)]},
    }


def objects() -> dict[str, Schema]:
    """Named properties, in all states of being required."""
    three = {"a": I, "b": S, "c": B}
    schemas: dict[str, Schema] = {
        f"required {names}": {"type": "object", "properties": three, "required": names, "additionalProperties": False}
        for names in ([], ["a"], ["b"], ["c"], ["a", "c"], ["c", "b", "a"])
    }
    for low, high in ((1, None), (2, None), (3, 3), (0, 1), (1, 2), (0, 0)):
        limit = {} if high is None else {"maxProperties": high}
        schemas[f"properties {low}..{high}"] = {"type": "object", "properties": three, "minProperties": low, **limit}
    return schemas | {
        "no properties": {"type": "object", "properties": {}},
        "closed empty": {"type": "object", "additionalProperties": False},
        "odd keys": record(**{"": S, 'a"b': I, "ключ": B, "with space": N, "new\nline": S, "$ref": I}),
        "nested": record(a=record(b=record(c=record(d=I)))),
        "required only": {"type": "object", "required": ["x", "y"]},
        "forbidden property": {"type": "object", "properties": {"a": I, "b": False}, "required": ["a"]},
        "many optional": {"type": "object", "properties": {f"p{i}": I for i in range(60)}},
        "implicit object": {"properties": {"a": I}, "required": ["a"]},
        "property names that fit": {"type": "object", "properties": three, "propertyNames": {"pattern": "^[ab]$"}},
    }


def open_objects() -> dict[str, Schema]:
    """Properties that have no name of their own."""
    return {
        "map of numbers": {"type": "object", "additionalProperties": N},
        "map of records": {"type": "object", "additionalProperties": record(a=I), "maxProperties": 3},
        "named and others": {"type": "object", "properties": {"a": I}, "additionalProperties": S},
        "named and anything": {"type": "object", "properties": {"a": I, "ab": S}, "additionalProperties": True},
        "at least two": {"type": "object", "properties": {"a": I}, "additionalProperties": S, "minProperties": 2},
        "keys by pattern": {"type": "object", "patternProperties": {"^x-": S}, "additionalProperties": False},
        "two patterns of keys": {"type": "object", "patternProperties": {"^s": S, "^i": I}, "additionalProperties": False},
        "overlapping patterns of keys": {"type": "object", "patternProperties": {"a": I, "b": {"minimum": 5}}},
        "patterns and others": {"type": "object", "patternProperties": {"^n": N}, "additionalProperties": B},
        "pattern meets name": {"type": "object", "properties": {"foo": {"minimum": 2}}, "patternProperties": {"f": I}},
        "key names": {"type": "object", "propertyNames": {"enum": ["en", "de"]}, "additionalProperties": S},
        "key pattern": {"type": "object", "propertyNames": {"pattern": "^[a-z]{2}$"}, "additionalProperties": I},
        "key length": {"type": "object", "propertyNames": {"maxLength": 3}, "additionalProperties": I},
        "unevaluated": {"type": "object", "allOf": [{"properties": {"a": I}}], "unevaluatedProperties": False},
        "unevaluated values": {"allOf": [{"properties": {"a": I}, "type": "object"}], "unevaluatedProperties": S},
    }  # fmt: skip


def arrays() -> dict[str, Schema]:
    """Items, tuples, counts, distinct and contained items."""
    schemas: dict[str, Schema] = {}
    for low, high in ((0, 0), (1, 1), (0, 3), (2, 5), (3, None), (10, 10)):
        limit = {} if high is None else {"maxItems": high}
        schemas[f"items {low}..{high}"] = array(I, minItems=low, **limit)
    return schemas | {
        "matrix": array(array(N, minItems=2, maxItems=2), maxItems=3),
        "records": array(record(a=I, b=S), maxItems=3),
        "no items": array(False),
        "any items": {"type": "array", "maxItems": 2},
        "tuple": {"type": "array", "prefixItems": [S, I], "items": False, "minItems": 2},
        "open tuple": {"type": "array", "prefixItems": [S, I], "items": B},
        "short tuple": {"type": "array", "prefixItems": [S, I, B], "maxItems": 2},
        "long tuple": {"type": "array", "prefixItems": [S], "minItems": 3, "maxItems": 4},
        "draft 7 tuple": {
            "$schema": "http://json-schema.org/draft-07/schema#", "type": "array",
            "items": [S, I], "additionalItems": B,
        },
        "distinct enum": array({"enum": ["a", "b", "c"]}, uniqueItems=True),
        "distinct counted": array({"enum": [1, 2, 3, 4]}, uniqueItems=True, minItems=2, maxItems=3),
        "distinct booleans": array(B, uniqueItems=True, minItems=1),
        "distinct single": array(S, uniqueItems=True, maxItems=1),
        "contains": {"type": "array", "items": I, "contains": {"minimum": 5}, "maxItems": 4},
        "contains two": {"type": "array", "contains": {"const": "x"}, "minContains": 2, "maxItems": 3},
        "contains at most": {"type": "array", "items": I, "contains": {"const": 1}, "maxContains": 1},
        "contains none": {"type": "array", "items": I, "contains": {"const": 1}, "minContains": 0, "maxContains": 0},
    }  # fmt: skip


def unions() -> dict[str, Schema]:
    """anyOf, oneOf and allOf."""
    cat, dog = record(kind={"const": "cat"}, lives=I), record(kind={"const": "dog"}, name=S)
    return {
        "anyOf scalars": {"anyOf": [I, {"type": "null"}]},
        "anyOf records": {"anyOf": [cat, dog]},
        "anyOf beside properties": {"type": "object", "properties": {"a": I, "b": I}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        "nested anyOf": {"anyOf": [{"anyOf": [I, B]}, array({"anyOf": [S, {"type": "null"}]}, maxItems=2)]},
        "anyOf with never": {"anyOf": [False, S]},
        "oneOf types": {"oneOf": [S, I, {"type": "null"}]},
        "oneOf tagged": {"oneOf": [cat, dog], "discriminator": {"propertyName": "kind"}},
        "oneOf many tags": {"oneOf": [record(kind={"const": f"k{i}"}, n=I) for i in range(40)]},
        "oneOf by required": {"type": "object", "oneOf": [{"properties": {"mail": S}, "required": ["mail"]}, {"properties": {"phone": S}, "required": ["phone"]}]},
        "oneOf over declared": {"type": "object", "properties": {"a": I, "b": I}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        "oneOf ranges": {"oneOf": [{"type": "integer", "maximum": 5}, {"type": "integer", "minimum": 3}]},
        "oneOf whole or not": {"oneOf": [I, N]},
        "oneOf overlapping strings": {"type": "string", "oneOf": [{"minLength": 2}, {"maxLength": 4}]},
        "oneOf overlapping enums": {"oneOf": [{"enum": [1, 2, 3]}, {"enum": [3, 4]}]},
        "allOf merged": {"allOf": [{"type": "object", "properties": {"a": I}, "required": ["a"]}, {"properties": {"b": S}, "required": ["b"]}]},
        "allOf same property": {"allOf": [{"properties": {"a": {"minimum": 3}}}, {"properties": {"a": {"maximum": 5}}}], "type": "object", "properties": {"a": I}},
        "allOf numbers": {"allOf": [I, {"minimum": 3}, {"maximum": 12}, {"multipleOf": 3}]},
        "allOf strings": {"type": "string", "allOf": [{"minLength": 3}, {"maxLength": 5}]},
        "allOf closed": {"allOf": [{"type": "object", "properties": {"a": I, "b": I}}, {"properties": {"a": True}, "additionalProperties": False}]},
        "allOf anyOf": {"allOf": [{"anyOf": [I, S]}, {"anyOf": [S, B]}]},
    }  # fmt: skip


def logic() -> dict[str, Schema]:
    """Negation, conditions and dependencies."""
    return {
        "not a type": {"not": {"type": ["object", "array", "number"]}},
        "not a value": {"type": "string", "not": {"const": "no"}},
        "not these values": {"type": "integer", "minimum": 0, "maximum": 9, "not": {"enum": [3, 5]}},
        "not a pattern": {"type": "string", "maxLength": 4, "not": {"pattern": "[0-9]"}},
        "not short": {"type": "string", "not": {"maxLength": 2}},
        "not in range": {"type": "integer", "not": {"minimum": 5}},
        "not required": {"type": "object", "properties": {"a": I, "b": I}, "not": {"required": ["a", "b"]}},
        "not a property value": {"type": "object", "properties": {"a": I}, "not": {"properties": {"a": {"const": 1}}, "required": ["a"]}},
        "not either": {"not": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "type": ["string", "integer", "boolean"]},
        "not not": {"not": {"not": {"type": "integer"}}},
        "not all items": array(I, **{"not": {"items": {"minimum": 3}}, "maxItems": 3}),
        "not contained": array(I, **{"not": {"contains": {"minimum": 3}}, "maxItems": 3}),
        "if then": {"type": "object", "properties": {"a": I, "b": I}, "if": {"required": ["a"]}, "then": {"required": ["b"]}},
        "if then else": {
            "type": "object", "properties": {"country": {"enum": ["US", "DE"]}, "zip": S}, "required": ["country", "zip"],
            "if": {"properties": {"country": {"const": "US"}}},
            "then": {"properties": {"zip": {"pattern": "^[0-9]{5}$"}}},
            "else": {"properties": {"zip": {"pattern": "^D-[0-9]{5}$"}}},
        },
        "if a type": {"type": ["string", "integer"], "if": S, "then": {"minLength": 2, "maxLength": 5}, "else": {"minimum": 7}},
        "dependent required": {"type": "object", "properties": {"card": I, "address": S}, "dependentRequired": {"card": ["address"]}},
        "dependent schemas": {"type": "object", "properties": {"a": I, "b": I}, "dependentSchemas": {"a": {"required": ["b"]}}},
        "old dependencies": {
            "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"a": I, "b": I},
            "dependencies": {"a": ["b"], "b": {"properties": {"a": {"minimum": 4}}}},
        },
    }  # fmt: skip


def references() -> dict[str, Schema]:
    """$ref, $defs, anchors and recursion."""
    tree = {"type": "object", "properties": {"v": I, "kids": array({"$ref": "#"}, maxItems=2)}, "required": ["v"]}
    return {
        "definition": {"$ref": "#/$defs/a", "$defs": {"a": I}},
        "definitions": {"$ref": "#/definitions/a", "definitions": {"a": S}},
        "chain": {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/c"}, "c": B}},
        "beside keywords": {"$ref": "#/$defs/s", "maxLength": 3, "$defs": {"s": S}},
        "tree": tree,
        "linked list": {
            "$ref": "#/$defs/n",
            "$defs": {"n": record(v=I, next={"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]})},
        },
        "mutual": {
            "$ref": "#/$defs/a",
            "$defs": {"a": record(b=array({"$ref": "#/$defs/b"}, maxItems=1)), "b": record(a={"anyOf": [{"$ref": "#/$defs/a"}, B]})},
        },
        "anchor": {"$ref": "#node", "$defs": {"n": {"$anchor": "node", "type": "integer"}}},
        "own id": {"$id": "https://example.com/s", "$ref": "https://example.com/s#/$defs/a", "$defs": {"a": I}},
        "escaped pointer": {"$ref": "#/$defs/a~1b%25", "$defs": {"a/b%": S}},
        "into properties": {"type": "object", "properties": {"a": I, "b": {"$ref": "#/properties/a"}}, "required": ["b"]},
        "shared": {"type": "object", "properties": {f"p{i}": {"$ref": "#/$defs/x"} for i in range(5)}, "$defs": {"x": record(k=S)}},
        "recursive tagged": {
            "$ref": "#/$defs/e",
            "$defs": {"e": {"oneOf": [record(op={"const": "lit"}, v=N), record(op={"const": "neg"}, e={"$ref": "#/$defs/e"})]}},
        },
        "draft 7 siblings": {"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/a", "definitions": {"a": I}, "maximum": 1},
    }  # fmt: skip


def applications() -> dict[str, Schema]:
    """Shapes as applications send them."""
    address = record(street=S, city=S, zip={"type": "string", "pattern": "^[0-9]{5}$"})
    return {
        "person": record(name={"type": "string", "minLength": 1, "maxLength": 40}, age={"type": "integer", "minimum": 0, "maximum": 150}),
        "customer": record(id={"type": "string", "format": "uuid"}, mail={"type": "string", "format": "email"}, address=address),
        "event": record(title=S, start={"type": "string", "format": "date-time"}, guests=array(S, maxItems=3)),
        "review": record(stars={"type": "integer", "minimum": 1, "maximum": 5}, tags=array({"enum": ["good", "bad"]}, maxItems=2)),
        "optional fields": {"type": "object", "properties": {"q": S, "limit": {"anyOf": [I, {"type": "null"}], "default": None}}, "required": ["q"]},
        "invoice": record(
            number={"type": "string", "pattern": "^INV-[0-9]{4}$"}, total={"type": "number", "minimum": 0},
            lines=array(record(sku=S, count={"type": "integer", "minimum": 1}), minItems=1, maxItems=2),
        ),
        "calendar day": record(day={"enum": ["mon", "tue", "wed"]}, hours=array({"type": "integer", "minimum": 0, "maximum": 23}, maxItems=2)),
        "point": array(N, minItems=2, maxItems=3),
        "verdict": record(answer={"enum": ["yes", "no", "maybe"]}, confidence={"type": "number", "minimum": 0, "maximum": 1}),
        "shape": {"anyOf": [record(type={"const": "circle"}, r=N), record(type={"const": "box"}, w=N, h=N)]},
        "steps": record(steps=array(record(explanation=S, output=S), maxItems=2), final_answer=S),
        "translation": record(source={"type": "string", "pattern": "^[a-z]{2}$"}, text={"type": "string", "maxLength": 30}),
        "settings": {"type": "object", "properties": {"theme": {"enum": ["dark", "light"]}, "size": I}, "additionalProperties": {"type": "boolean"}},
    }  # fmt: skip
