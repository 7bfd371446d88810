"""Nesting in every place that is read more than once: refused or served, never a stack that ends."""

from __future__ import annotations

import json
from collections.abc import Callable

from .case import JSON, MODEL, Case, chat, good, large

BEYOND = 50_000  # no parser follows that
BELOW = 400  # JSON readers follow that, so that whoever walks the value next must too
SCHEMA = "response_format.json_schema.schema*"


def beyond(opening: bytes, closing: bytes) -> bytes:
    """A value nested beyond what any parser follows."""
    return opening * BEYOND + b"1" + closing * BEYOND


def below(opening: str, closing: str, inner: str = "true") -> JSON:
    """A value nested as deep as a parser follows."""
    return json.loads(opening * BELOW + inner + closing * BELOW)


def put(before: bytes, value: bytes, after: bytes) -> bytes:
    """A good body with one more field, whose value has the nested one within."""
    return json.dumps(good()).encode()[:-1] + b", " + before + value + after + b"}"


PLACES: dict[str, tuple[bytes, bytes]] = {
    "stop": (b'"stop": ', b""),
    "metadata": (b'"metadata": {"a": ', b"}"),
    "logit_bias": (b'"logit_bias": {"1": ', b"}"),
    "stream_options": (b'"stream_options": {"x": ', b"}"),
    "a schema": (b'"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": ', b"}}"),
    "a tool's schema": (b'"tools": [{"type": "function", "function": {"name": "f", "parameters": ', b"}}]"),
    "tool_choice": (b'"tool_choice": ', b""),
}
SCHEMAS: dict[str, JSON] = {
    "properties": below('{"type":"object","properties":{"a":', "}}"),
    "items": below('{"type":"array","items":', "}"),
    "anyOf": below('{"anyOf":[', "]}"),
    "allOf": below('{"allOf":[', "]}"),
    "not": below('{"not":', "}"),
    "if": below('{"if":', "}"),
    "const": {"const": below("[", "]")},
    "enum": {"enum": [below('{"a":', "}")]},
    "default": {"type": "object", "default": below("[", "]")},
    "$defs": below('{"$defs":{"a":', "}}"),
    "a chain of references": {
        "$ref": "#/$defs/d0",
        "$defs": {**{f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(3000)}, "d3000": {"type": "string"}},
    },
    "a chain of objects": {
        "$ref": "#/$defs/d0",
        "$defs": {
            **{f"d{n}": {"type": "object", "properties": {"a": {"$ref": f"#/$defs/d{n + 1}"}}} for n in range(3000)},
            "d3000": {"type": "string"},
        },
    },
}


def cases() -> list[Case]:
    """All of them."""
    return [*_beyond(), *_schemas(), *_texts()]


def _beyond() -> list[Case]:
    return [
        large(f"{kind} 50,000 deep in {place}", _body(before, opening, closing, after))
        for place, (before, after) in PLACES.items()
        for kind, opening, closing in (("lists", b"[", b"]"), ("objects", b'{"a":', b"}"))
    ]


def _body(before: bytes, opening: bytes, closing: bytes, after: bytes) -> Callable[[], bytes]:
    return lambda: put(before, beyond(opening, closing), after)


def _schemas() -> list[Case]:
    """An object whose one property is so: at the top it might be refused for being no object."""
    schemas: dict[str, JSON] = {name: _property(schema) for name, schema in SCHEMAS.items()}
    return [
        *(
            chat(f"schema deep in {name}", _asked(schema), 200, 400, 502, param=SCHEMA)
            for name, schema in schemas.items()
        ),
        *(
            chat(f"tool schema deep in {name}", _as_tool(schema), 200, 400, 502, param="tools[0].function.parameters*")
            for name, schema in schemas.items()
        ),
    ]


def _property(schema: JSON) -> JSON:
    definitions = {"$defs": schema["$defs"]} if "$ref" in schema else {}
    inner = {"$ref": schema["$ref"]} if "$ref" in schema else schema
    return {"type": "object", "properties": {"a": inner}, **definitions}


def _asked(schema: JSON) -> JSON:
    return good(response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}})


def _as_tool(schema: JSON) -> JSON:
    return good(tools=[{"type": "function", "function": {"name": "f", "parameters": schema}}])


def _texts() -> list[Case]:
    """JSON within a string is text to us, and the engine's to read."""
    nested = "[" * BEYOND + "]" * BEYOND
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": f'{{"a": {nested}}}'}}
    user = {"role": "user", "content": "x"}
    turns: list[JSON] = [user, {"role": "assistant", "tool_calls": [call]}]
    return [
        chat("deep arguments of a call", good(messages=[*turns, {"role": "tool", "content": "x", "tool_call_id": "c"}]),
             200, 400),
        chat("deep result of a call",
             good(messages=[user, {"role": "tool", "content": nested, "tool_call_id": "c"}]), 200, 400),
        chat("deep name of a model", {**good(), "model": nested}, param="model"),
        chat("deep closing turn", good(messages=[user, {"role": "assistant", "content": nested}]), 200, 400),
        large("400 open lists", lambda: b'{"model": "%b", "messages": %b' % (MODEL.encode(), b"[" * BELOW)),
    ]  # fmt: skip
