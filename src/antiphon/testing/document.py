"""A JSON document made from a schema, the same for the same schema and key: what a constrained engine would write.

Covers what tests ask for (types, required, enum, const, bounds, local references, unions), not all of JSON Schema.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

DEPTH_MAX = 24
Schema = Any  # Any: a schema is the caller's own JSON
Document = Any  # Any: a document is any JSON


def document(schema: Schema, key: bytes) -> Document:
    """A document that `schema` accepts, drawn by `key`."""
    return _Writer(schema, key).value(schema, 0)


class _Writer:
    """Walks one schema; each value drawn moves the draw on, so that siblings differ."""

    def __init__(self, root: Schema, key: bytes) -> None:
        self._root = root
        self._key = key
        self._drawn = 0

    def value(self, schema: Schema, depth: int) -> Document:
        """A value for `schema`; null where the schema allows all or is too deep to follow."""
        if not isinstance(schema, Mapping) or depth > DEPTH_MAX:
            return None
        for keyword in ("const", "enum"):
            if keyword in schema:
                return schema["const"] if keyword == "const" else self._pick(list(schema["enum"]))
        inner = self._inner(schema)
        return self._typed(schema, depth) if inner is None else self.value(inner, depth + 1)

    def _inner(self, schema: Mapping[str, Any]) -> Schema | None:  # Any: a schema
        """The schema that this one stands for, by reference or as a union; None when it speaks for itself."""
        if "$ref" in schema:
            return self._resolve(str(schema["$ref"])) or {"type": "null"}
        for union in ("anyOf", "oneOf"):
            if union in schema:
                return self._pick(list(schema[union]))
        return _merged(schema["allOf"]) if "allOf" in schema else None

    def _typed(self, schema: Mapping[str, Any], depth: int) -> Document:  # Any: a schema
        """A value of the schema's type, guessed from its keywords where it names none."""
        kinds = schema.get("type", "array" if "items" in schema else "object")
        kind = kinds[0] if isinstance(kinds, list) else kinds
        writers: dict[str, Callable[[], Document]] = {
            "object": lambda: self._object(schema, depth),
            "array": lambda: self._array(schema, depth),
            "string": lambda: self._string(schema),
            "integer": lambda: self._number(schema),
            "number": lambda: self._number(schema) + 0.5,
            "boolean": lambda: self._draw(2) == 1,
        }
        return writers.get(str(kind), lambda: None)()

    def _object(self, schema: Mapping[str, Any], depth: int) -> Document:  # Any: a schema
        """An object with every property that the schema names."""
        properties = schema.get("properties", {})
        return {name: self.value(inner, depth + 1) for name, inner in properties.items()}

    def _array(self, schema: Mapping[str, Any], depth: int) -> Document:  # Any: a schema
        """One to three items, or as few as the schema asks for."""
        size = max(int(schema.get("minItems", 0)), 1 + self._draw(3))
        size = min(size, int(schema.get("maxItems", size)))
        return [self.value(schema.get("items"), depth + 1) for _ in range(size)]

    def _string(self, schema: Mapping[str, Any]) -> str:  # Any: a schema
        """A word within the length bounds."""
        word = self._pick(["Zoë", "Köln", "東京", "plain", 'a "b"', "🦊"])
        shortest, longest = int(schema.get("minLength", 0)), int(schema.get("maxLength", 64))
        return str(word).ljust(shortest, "x")[:longest]

    def _number(self, schema: Mapping[str, Any]) -> int:  # Any: a schema
        """A whole number from the lower bound up, at most 100 above it."""
        least = int(schema.get("minimum", 0))
        most = int(schema.get("maximum", least + 100))
        return least + self._draw(max(1, most - least))

    def _resolve(self, reference: str) -> Schema:
        """The schema at a local reference such as `#/$defs/item`."""
        found = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            if step and isinstance(found, Mapping):
                found = found.get(step.replace("~1", "/").replace("~0", "~"))
        return found

    def _pick(self, values: list[Any]) -> Any:  # Any: JSON values
        """One of `values`."""
        return values[self._draw(len(values))] if values else None

    def _draw(self, below: int) -> int:
        """A number from 0 to `below` - 1."""
        self._drawn += 1
        digest = hashlib.blake2b(b"%b|%d" % (self._key, self._drawn), digest_size=8).digest()
        return int.from_bytes(digest, "big") % below


def _merged(schemas: list[Schema]) -> Schema:
    """The schemas of an `allOf` as one, properties joined."""
    merged: dict[str, Any] = {}  # Any: a schema
    for schema in schemas:
        if isinstance(schema, Mapping):
            properties = {**merged.get("properties", {}), **schema.get("properties", {})}
            merged = {**merged, **schema, **({"properties": properties} if properties else {})}
    return merged
