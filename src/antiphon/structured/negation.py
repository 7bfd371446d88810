"""The opposite of a schema, as schemas any one of which holds; refused where no such schemas can be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any  # keyword values, checked by `keywords`

from antiphon.structured.document import Document, Exclusion, Place
from antiphon.structured.kinds import KINDS

_DEPTH_MAX = 64
_FLIPPED = {  # keyword -> (type that it speaks of, opposite keyword, shift of its value)
    "minimum": ("number", "exclusiveMaximum", 0),
    "maximum": ("number", "exclusiveMinimum", 0),
    "exclusiveMinimum": ("number", "maximum", 0),
    "exclusiveMaximum": ("number", "minimum", 0),
    "minLength": ("string", "maxLength", -1),
    "maxLength": ("string", "minLength", 1),
    "minItems": ("array", "maxItems", -1),
    "maxItems": ("array", "minItems", 1),
    "minProperties": ("object", "maxProperties", -1),
    "maxProperties": ("object", "minProperties", 1),
}
_REFUSED = frozenset({
    "multipleOf", "format", "uniqueItems", "additionalProperties", "patternProperties", "propertyNames",
    "unevaluatedProperties", "unevaluatedItems", "dependentRequired", "dependentSchemas", "dependencies",
    "oneOf", "if", "prefixItems", "additionalItems", "minContains", "maxContains",
})  # fmt: skip

Derive = Callable[[dict[str, Any], Exclusion], Place]


def negated(place: Place, document: Document, depth: int = 0) -> list[Place]:
    """Places whose union holds every value that `place` refuses, and no other."""
    if depth > _DEPTH_MAX:
        raise place.refuse("$ref", "leads back to itself inside a negation.")
    if isinstance(place.schema, bool):
        return [] if place.schema else [place.derived("not", {})]
    opposites: list[Place] = []
    for keyword, value in place.schema.items():
        if keyword == "$ref":
            opposites += negated(document.resolve(place), document, depth + 1)
            if document.draft <= 7:
                return opposites
            continue
        if keyword == "not":
            opposites.append(place.child("not"))
            continue
        for number, (schema, exclusion) in enumerate(_opposites(place, keyword, value, document.draft)):
            opposites.append(place.derived(f"not {keyword} {number}", schema, exclusion))
    return opposites + list(_exclusion_opposites(place))


def _opposites(place: Place, keyword: str, value: Any, draft: int) -> Iterator[tuple[dict[str, Any], Exclusion]]:
    """What makes a value break one keyword."""
    if keyword in _FLIPPED and not (draft == 4 and "xclusive" in keyword):
        yield from _flipped(place, keyword, value)
    elif keyword == "type":
        names = {value} if isinstance(value, str) else set(value)
        kinds = names | ({"integer", "fraction"} if "number" in names else set())
        yield {}, Exclusion(kinds=frozenset(kinds & set(KINDS)))
    elif keyword in ("const", "enum"):
        yield {}, Exclusion(values=tuple(value) if keyword == "enum" else (value,))
    elif keyword == "pattern":
        yield {"type": "string"}, Exclusion(patterns=(value,))
    elif keyword == "required":
        yield from (({"type": "object"}, Exclusion(names=(name,))) for name in value)
    elif keyword in ("properties", "items", "contains", "allOf", "anyOf"):
        yield from ((schema, Exclusion()) for schema in _structural(place, keyword, value))
    elif keyword in _REFUSED and value not in (True, {}):
        raise place.refuse(keyword, "cannot be negated here.")


def _flipped(place: Place, keyword: str, value: Any) -> Iterator[tuple[dict[str, Any], Exclusion]]:
    kind, opposite, shift = _FLIPPED[keyword]
    if place.get(f"exclusive{keyword.capitalize()}") is True:
        raise place.refuse(keyword, "cannot be negated here.")
    if value + shift >= 0 or shift == 0:
        yield {"type": kind, opposite: value + shift}, Exclusion()


def _structural(place: Place, keyword: str, value: Any) -> Iterator[dict[str, Any]]:
    """The opposites of keywords that hold schemas."""
    if keyword == "properties":
        for name, schema in value.items():
            if schema not in (True, {}):
                yield {"type": "object", "required": [name], "properties": {name: {"not": schema}}}
    elif keyword == "items":
        if place.has("prefixItems") or isinstance(value, list):
            raise place.refuse(keyword, "cannot be negated here.")
        yield {"type": "array", "contains": {"not": value}}
    elif keyword == "contains":
        yield {"type": "array", "items": {"not": value}}
    elif keyword == "anyOf":
        yield {"allOf": [{"not": schema} for schema in value]}
    else:
        yield from ({"not": schema} for schema in value)


def _exclusion_opposites(place: Place) -> Iterator[Place]:
    """The opposite of what an earlier negation left out."""
    left_out = place.exclusion
    if left_out.kinds:
        yield place.derived("not kinds", {}, Exclusion(kinds=frozenset(KINDS) - left_out.kinds))
    if left_out.values:
        yield place.derived("not values", {"enum": list(left_out.values)})
    for number, pattern in enumerate(left_out.patterns):
        yield place.derived(f"not pattern {number}", {"type": "string", "pattern": pattern})
    for number, name in enumerate(left_out.names):
        yield place.derived(f"not name {number}", {"type": "object", "required": [name]})
