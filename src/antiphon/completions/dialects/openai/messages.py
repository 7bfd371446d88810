"""Messages as OpenAI writes them, which all four vendors do: wire structs, and how they become neutral turns. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from antiphon.chat import Image, Message, Part, Text, ToolCall
from antiphon.completions.dialects.openai.fields import Name, Uuid
from antiphon.errors import BadRequest


class ImageUrl(Struct):
    """OpenAI's nested image address; `detail` changes nothing here."""

    url: str
    detail: Literal["auto", "low", "high"] | None = None


class TextPart(Struct, tag="text", tag_field="type"):
    """A text part."""

    text: str


class ImagePart(Struct, tag="image_url", tag_field="type"):
    """An image part; the address nested (OpenAI) or flat (Adaptive)."""

    image_url: ImageUrl | str


class AudioPart(Struct, tag="input_audio", tag_field="type"):
    """Known, to be refused by name: no model here hears."""


WirePart = TextPart | ImagePart | AudioPart


class CalledFunction(Struct):
    """The function of an earlier tool call."""

    name: Name
    arguments: str


class WireCall(Struct):
    """A tool call in an earlier assistant turn."""

    id: Annotated[str, Meta(min_length=1, max_length=256)]
    function: CalledFunction
    type: Literal["function"] = "function"


class WireMessage(Struct):
    """A turn. Adaptive's clients add `completion_id` and `metadata`, which are kept with a stored turn."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[WirePart] | None = None
    name: Name | None = None
    tool_calls: list[WireCall] | None = None
    tool_call_id: Annotated[str, Meta(max_length=256)] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    completion_id: Uuid | None = None
    metadata: Any = None  # Any: the caller's own note


def message(wire: WireMessage, i: int) -> Message:
    """The neutral turn `i`; BadRequest names what is wrong in it."""
    role = "system" if wire.role == "developer" else wire.role
    if type(wire.content) is str and wire.tool_calls is None and wire.tool_call_id is None and role != "tool":
        thoughts = wire.reasoning_content or wire.reasoning
        return Message(role, wire.content, wire.name, (), None, thoughts, wire.completion_id, wire.metadata)
    param = f"messages[{i}]"
    if wire.tool_calls and role != "assistant":
        raise BadRequest(f"{param}.tool_calls: only an assistant message may hold them.", param=f"{param}.tool_calls")
    if role == "tool" and not wire.tool_call_id:
        raise BadRequest(f"{param}.tool_call_id: required in a tool message.", param=f"{param}.tool_call_id")
    if wire.content is None and not wire.tool_calls:
        raise BadRequest(f"{param}.content: required, unless there are tool_calls.", param=f"{param}.content")
    calls = wire.tool_calls or ()
    return Message(
        role=role,
        content=_content(wire.content, role, f"{param}.content"),
        name=wire.name,
        tool_calls=tuple(ToolCall(call.id, call.function.name, call.function.arguments) for call in calls),
        tool_call_id=wire.tool_call_id,
        reasoning=wire.reasoning_content or wire.reasoning,
        completion_id=wire.completion_id,
        metadata=wire.metadata,
    )


def _content(content: str | list[WirePart] | None, role: str, param: str) -> str | tuple[Part, ...] | None:
    """Parts are kept only where there is an image; text parts are joined without a separator."""
    if content is None or isinstance(content, str):
        return content
    if not content:
        raise BadRequest(f"{param}: at least one part is required.", param=param)
    parts: list[Part] = []
    for i, part in enumerate(content):
        if isinstance(part, TextPart):
            parts.append(Text(part.text))
        elif isinstance(part, AudioPart):
            raise BadRequest(f"{param}[{i}]: no model here takes audio.", param=f"{param}[{i}]")
        elif role != "user":
            raise BadRequest(f"{param}[{i}]: only a user message may hold images.", param=f"{param}[{i}]")
        else:
            parts.append(Image(part.image_url if isinstance(part.image_url, str) else part.image_url.url))
    if all(isinstance(part, Text) for part in parts):
        return "".join(part.text for part in parts if isinstance(part, Text))
    return tuple(parts)
