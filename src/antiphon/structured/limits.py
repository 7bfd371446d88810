"""Every limit on a caller's schema, checked before anything is made of it; the walk also indexes its subschemas."""

from __future__ import annotations

import math
from typing import Any  # a schema is the caller's own JSON, checked here

import msgspec

from antiphon.chat import JSONSchema
from antiphon.errors import BadRequest
from antiphon.structured.keywords import check_keyword, children

SIZE_BYTES_MAX = 64 * 1024
DEPTH_MAX = 32
NODES_MAX = 1000
_JSON_DEPTH_MAX = 100  # of the schema as plain JSON, where each level of schema takes up to three

At = tuple[str | int, ...]  # the steps from the root to a subschema: ("properties", "name")


def check_schema(schema: JSONSchema, *, param: str, draft: int) -> dict[At, JSONSchema]:
    """Return every subschema by its place; BadRequest names the keyword or the limit that is broken."""
    _check_json(schema, param=param)
    found: dict[At, JSONSchema] = {}
    waiting: list[tuple[At, JSONSchema, int]] = [((), schema, 1)]
    while waiting:
        at, node, depth = waiting.pop()
        _check_node(node, param=place_name(param, at), depth=depth)
        found[at] = node
        if len(found) > NODES_MAX:
            raise BadRequest(f"{param} holds more than {NODES_MAX} schemas.", param=param)
        if isinstance(node, dict):
            for keyword, value in node.items():
                where = place_name(param, (*at, keyword))
                check_keyword(keyword, value, param=where, draft=draft)
                waiting += [
                    ((*at, *steps), child, depth + 1)
                    for steps, child in children(keyword, value, param=where, draft=draft)
                ]
    return found


def place_name(param: str, at: At) -> str:
    """How a place is shown to people: `schema.properties.tags.items`, `schema.anyOf[1]`."""
    return param + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in at)


def _check_node(node: Any, *, param: str, depth: int) -> None:
    if not isinstance(node, dict | bool):
        raise BadRequest(f"{param} must be a schema: an object, true or false.", param=param)
    if depth > DEPTH_MAX:
        raise BadRequest(f"{param} lies deeper than {DEPTH_MAX} schemas.", param=param)


def _check_json(schema: JSONSchema, *, param: str) -> None:
    """Depth, numbers and size of the whole text, without recursion: it may be as deep as it likes."""
    level: list[Any] = [schema]
    for _ in range(_JSON_DEPTH_MAX):
        if any(isinstance(value, float) and not math.isfinite(value) for value in level):
            raise BadRequest(f"{param} must not hold numbers that are not finite.", param=param)
        level = [
            child
            for value in level
            if isinstance(value, dict | list)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            break
    else:
        raise BadRequest(f"{param} is nested deeper than {_JSON_DEPTH_MAX} levels.", param=param)
    try:
        size_bytes = len(msgspec.json.encode(schema))
    except (UnicodeEncodeError, OverflowError) as error:
        raise BadRequest(f"{param} must be text in UTF-8 with numbers of 64 bits.", param=param) from error
    if size_bytes > SIZE_BYTES_MAX:
        raise BadRequest(f"{param} must be at most {SIZE_BYTES_MAX} bytes of JSON.", param=param)
