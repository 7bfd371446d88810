"""What type the value of each JSON Schema keyword must have, and which keywords hold schemas."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any  # a keyword's value is the caller's own JSON until it has been checked here

from antiphon.errors import BadRequest

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
SCHEMA = frozenset({
    "additionalProperties", "additionalItems", "items", "contains", "not", "if", "then", "else",
    "propertyNames", "unevaluatedItems", "unevaluatedProperties", "contentSchema",
})  # fmt: skip
SCHEMA_LIST = frozenset({
    "allOf", "anyOf", "oneOf", "prefixItems",
})  # fmt: skip
SCHEMA_MAP = frozenset({
    "properties", "patternProperties", "$defs", "definitions", "dependentSchemas",
})  # fmt: skip

_COUNT = frozenset({
    "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains",
    "maxContains",
})  # fmt: skip
_NUMBER = frozenset({
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
})  # fmt: skip
_STRING = frozenset({
    "pattern", "format", "$ref", "$anchor", "$id", "$schema", "$comment", "title", "description",
    "contentEncoding", "contentMediaType",
})  # fmt: skip
_BOOLEAN = frozenset({
    "uniqueItems", "deprecated", "readOnly", "writeOnly",
})  # fmt: skip
ENUM_MAX = 500
PATTERN_BYTES_MAX = 512

Child = tuple[tuple[str | int, ...], Any]  # the steps from the schema that holds it, and the schema itself


def is_number(value: Any) -> bool:
    """Whether `value` is a JSON number, which `True` is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_keyword(keyword: str, value: Any, *, param: str, draft: int) -> None:
    """Return if `value` has the type that `keyword` asks for; BadRequest says which rule it breaks."""
    if rule := _broken_rule(keyword, value, draft):
        raise BadRequest(f"{param} must be {rule}.", param=param)


def children(keyword: str, value: Any, *, param: str, draft: int) -> Iterator[Child]:
    """The schemas directly under `keyword`, whose value has the right type."""
    if keyword in SCHEMA_LIST or (keyword == "items" and isinstance(value, list)):
        if keyword == "items" and draft >= 2020:
            raise BadRequest(f"{param} must be a schema; a list of schemas belongs in `prefixItems`.", param=param)
        yield from (((keyword, index), each) for index, each in enumerate(value))
    elif keyword in SCHEMA:
        yield (keyword,), value
    elif keyword in SCHEMA_MAP:
        yield from (((keyword, name), each) for name, each in value.items())
    elif keyword == "dependencies":
        yield from (((keyword, name), each) for name, each in value.items() if not isinstance(each, list))


def _broken_rule(keyword: str, value: Any, draft: int) -> str | None:
    """The rule that `value` breaks, in words; None if all is well."""
    if keyword in _COUNT:
        whole = is_number(value) and float(value).is_integer() and value >= 0
        return None if whole else "a whole number, at least 0"
    if keyword in _BOOLEAN:
        return None if isinstance(value, bool) else "true or false"
    if keyword in _NUMBER:
        return _number_rule(keyword, value, draft)
    return _string_rule(keyword, value, draft) if keyword in _STRING else _container_rule(keyword, value)


def _number_rule(keyword: str, value: Any, draft: int) -> str | None:
    if draft == 4 and keyword.startswith("exclusive"):
        return None if isinstance(value, bool) else "true or false in draft 4"
    if not is_number(value) or not math.isfinite(value):
        return "a finite number"
    return "above 0" if keyword == "multipleOf" and value <= 0 else None


def _string_rule(keyword: str, value: Any, draft: int) -> str | None:
    if not isinstance(value, str):
        return "a string"
    if keyword == "pattern" and len(value.encode()) > PATTERN_BYTES_MAX:
        return f"at most {PATTERN_BYTES_MAX} bytes long"
    if keyword == "contentMediaType" and value == "application/json" and draft == 7:
        return "absent in draft 7, where it asserts what no grammar can keep"
    return None


def _container_rule(keyword: str, value: Any) -> str | None:
    if keyword in SCHEMA_LIST:
        return None if isinstance(value, list) and value else "a list of schemas, at least one"
    if keyword in SCHEMA_MAP or keyword in ("dependencies", "dependentRequired"):
        return _map_rule(keyword, value)
    return _list_rule(keyword, value)


def _map_rule(keyword: str, value: Any) -> str | None:
    if not isinstance(value, dict):
        return "an object"
    if keyword == "patternProperties" and any(len(name.encode()) > PATTERN_BYTES_MAX for name in value):
        return f"patterns of at most {PATTERN_BYTES_MAX} bytes"
    lists = [each for each in value.values() if keyword == "dependentRequired" or isinstance(each, list)]
    if keyword in ("dependencies", "dependentRequired") and not all(_are_names(each) for each in lists):
        return "an object whose lists hold distinct property names"
    return None


def _list_rule(keyword: str, value: Any) -> str | None:
    if keyword == "type":
        names = [value] if isinstance(value, str) else value
        known = _are_names(names) and names and all(name in TYPES for name in names)
        return None if known else f"one of {', '.join(TYPES)}, or a list of them"
    if keyword == "required":
        return None if _are_names(value) else "a list of distinct property names"
    if keyword == "enum":
        sound = isinstance(value, list) and 0 < len(value) <= ENUM_MAX
        return None if sound else f"a list of 1 to {ENUM_MAX} values"
    if keyword == "examples":
        return None if isinstance(value, list) else "a list"
    return None


def _are_names(value: Any) -> bool:
    """Whether `value` is a list of distinct strings."""
    return isinstance(value, list) and all(isinstance(each, str) for each in value) and len(set(value)) == len(value)
