"""Tools, tool choices and answer formats as OpenAI writes them, and how they become neutral words. Pure."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from antiphon.chat import NamedTool, ResponseFormat, Tool, ToolChoice
from antiphon.completions.dialects.openai.fields import Name


class FunctionDefinition(Struct):
    """A function that the model may call. `parameters` stays the caller's JSON until `structured` checks it."""

    name: Name
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class WireTool(Struct):
    """A tool definition."""

    type: Literal["function"]
    function: FunctionDefinition


class ChosenFunction(Struct):
    """The name in a forced tool choice."""

    name: Name


class WireToolChoice(Struct):
    """A forced tool choice."""

    type: Literal["function"]
    function: ChosenFunction


class TextFormat(Struct, tag="text", tag_field="type"):
    """Any text."""


class JsonObjectFormat(Struct, tag="json_object", tag_field="type"):
    """Any JSON object."""


class NamedSchema(Struct):
    """A JSON schema and its name."""

    name: Name
    schema: dict[str, Any] | bool
    description: str | None = None
    strict: bool | None = None


class JsonSchemaFormat(Struct, tag="json_schema", tag_field="type"):
    """JSON that the schema accepts."""

    json_schema: NamedSchema


AnyFormat = TextFormat | JsonObjectFormat | JsonSchemaFormat


def tool(wire: WireTool) -> Tool:
    """The neutral tool."""
    function = wire.function
    return Tool(
        name=function.name,
        description=function.description or "",
        parameters=function.parameters or {},
        strict=function.strict is True,
    )


def tool_choice(wire: Literal["auto", "none", "required"] | WireToolChoice | None) -> ToolChoice:
    """The neutral choice where there are tools."""
    return NamedTool(wire.function.name) if isinstance(wire, WireToolChoice) else wire or "auto"


def response_format(wire: AnyFormat) -> ResponseFormat:
    """The neutral format."""
    if isinstance(wire, JsonSchemaFormat):
        return ResponseFormat(kind="json_schema", name=wire.json_schema.name, schema=wire.json_schema.schema)
    return ResponseFormat(kind="json_object") if isinstance(wire, JsonObjectFormat) else ResponseFormat()
