"""Structured output: text that finishes is valid by its schema, however hot, plain and streamed."""

from __future__ import annotations

import jsonschema_rs
import msgspec

from antiphon.conformance.check import Check
from antiphon.conformance.server import Body, Server
from antiphon.conformance.verdict import Failed, Lacking, expect, offered

ASK = "Make one up."
HOT = {"temperature": 1.3, "seed": 5, "max_tokens": 160}
PERSON: Body = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 10}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
KEYWORDS: Body = {
    "type": "object",
    "properties": {
        "colour": {"enum": ["red", "green", "blue"]},
        "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
        "dice": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 6}, "maxItems": 3},
        "place": {"$ref": "#/$defs/place"},
    },
    "required": ["colour", "code", "dice", "place"],
    "additionalProperties": False,
    "$defs": {"place": {"anyOf": [{"type": "null"}, {"const": "here"}]}},
}
BROKEN: tuple[tuple[str, object], ...] = (
    ("type", {"type": "objekt"}),
    ("pattern", {"type": "string", "pattern": "("}),
    ("$ref", {"$ref": "#/$defs/missing"}),
)


def shape(schema: object, **more: object) -> Body:
    """The response_format for a schema."""
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema} | more}


def check_valid(schema: Body, text: str) -> None:
    """Return if the text is JSON that the schema accepts; Lacking if it is no JSON at all, Failed where it differs."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise Lacking(f"The text is not JSON: {text[:100]!r}.") from None
    try:
        jsonschema_rs.validator_for(schema).validate(value)
    except jsonschema_rs.ValidationError as error:
        raise Failed(f"The text breaks its schema: {str(error).partition(chr(10))[0][:150]}") from None


async def _finished(server: Server, schema: Body, **more: object) -> None:
    choice = (await server.ask(ASK, response_format=shape(schema, **more), **HOT)).first
    offered(choice.finish_reason == "stop", f"The reason is {choice.finish_reason!r}: {choice.text[:100]!r}.")
    check_valid(schema, choice.text)


async def schema(server: Server) -> None:
    """A finished answer is valid by its schema."""
    await _finished(server, PERSON)


async def without_strict(server: Server) -> None:
    """A schema holds with `strict` false as well as without it."""
    await _finished(server, PERSON, strict=False)


async def keywords(server: Server) -> None:
    """`enum`, `pattern`, bounds, `$ref` and `anyOf` are kept too."""
    await _finished(server, KEYWORDS)


async def streamed(server: Server) -> None:
    """The pieces of a stream make a valid document."""
    stream = await server.stream(ASK, response_format=shape(PERSON), **HOT)
    expect(stream.reasons() == ["stop"], f"The reasons are {stream.reasons()}.")
    check_valid(PERSON, stream.text())


async def cut(server: Server) -> None:
    """A document that was cut says `length`: that is no error."""
    choice = (await server.ask(ASK, response_format=shape(PERSON), max_tokens=3)).first
    expect(choice.finish_reason == "length", f"The reason is {choice.finish_reason!r}.")


async def json_object(server: Server) -> None:
    """`json_object` gives an object."""
    fields = {"response_format": {"type": "json_object"}, "max_tokens": 48}
    choice = (await server.ask("A person as JSON, one field.", **fields)).first
    offered(choice.text.lstrip().startswith("{"), f"The text is no object: {choice.text[:100]!r}.")
    if choice.finish_reason == "stop":
        check_valid({"type": "object"}, choice.text)


async def text(server: Server) -> None:
    """The type `text` binds nothing."""
    expect(bool(await server.text(response_format={"type": "text"})), "It says nothing.")


async def refusal(server: Server) -> None:
    """A schema that cannot be kept is refused, with the keyword in the sentence."""
    for keyword, broken in BROKEN:
        told = await server.refuse(ASK, response_format=shape(broken))
        expect(keyword in told.message, f"`{keyword}` is not named: {told.message}")


CHECKS = (
    Check("structured", schema, "OpenAI, Dria, Adaptive"),
    Check("structured", without_strict, "Dria"),
    Check("structured", keywords, "OpenAI, Dria"),
    Check("structured", streamed, "OpenAI"),
    Check("structured", cut, "OpenAI"),
    Check("structured", json_object, "OpenAI, Dria, Adaptive"),
    Check("structured", text, "OpenAI, Adaptive"),
    Check("structured", refusal, "Dria"),
)
