"""What a tool brought, as text that a model can be shown. The provider is a stranger: its words are bounded. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any  # the provider's JSON

from antiphon.providers.model import ToolResult

# Control characters but for tab, newline and carriage return: no tool needs them, terminals and templates stumble.
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
LABEL_CHARACTERS_MAX = 200
NOTHING = "(The tool returned nothing.)"
WANTS_INPUT = "The tool asked for further input from a person, which cannot be given here."


def tool_result(answer: Mapping[str, Any], *, characters_max: int) -> ToolResult:
    """The text of a `tools/call` result: its text parts, or its structured content, other parts in a few words."""
    if answer.get("resultType", "complete") != "complete":
        return failed(WANTS_INPUT)
    parts = answer.get("content")
    blocks = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    pieces = [piece for block in blocks if (piece := _piece(block))]
    structured = answer.get("structuredContent")
    # A tool with structured content says the same as text, for clients that know only text; once is enough.
    if structured is not None and not any(block.get("type") == "text" for block in blocks):
        pieces.insert(0, _json(structured))
    text = cleaned("\n".join(pieces), characters_max=characters_max) or NOTHING
    return failed(text) if answer.get("isError") is True else ToolResult(text)


def failed(text: str) -> ToolResult:
    """A call that went wrong, told to the model."""
    return ToolResult(f"Error: {text}", is_error=True)


def cleaned(text: str, *, characters_max: int) -> str:
    """Valid Unicode without control characters, cut where it is too long, which the text then says itself."""
    if len(text) <= characters_max:
        return CONTROLS.sub(REPLACEMENT, text)
    return CONTROLS.sub(REPLACEMENT, text[:characters_max]) + cut_note(characters_max, len(text))


def cut_note(kept: int, of: int) -> str:
    """What stands at the end of a text that was cut."""
    return f"\n[cut: {kept} of {of} characters]"


def _piece(block: dict[str, Any]) -> str:
    """One content block; what is no text is told, not shown."""
    kind = block.get("type")
    if kind == "text":
        return _text(block.get("text"))
    if kind in ("image", "audio"):
        return f"[{kind}: {_label(block.get('mimeType'))}, {_base64_bytes(block.get('data'))} bytes]"
    if kind == "resource_link":
        return f"[link: {_label(block.get('name'))} {_label(block.get('uri'))}]"
    if kind == "resource":
        return "\n".join(_resource(block.get("resource")))
    return f"[{_label(kind)}]"


def _resource(resource: Any) -> Iterator[str]:
    if not isinstance(resource, dict):
        return
    if isinstance(resource.get("text"), str):
        yield f"[{_label(resource.get('uri'))}]"
        yield resource["text"]
    else:
        kind, size = _label(resource.get("mimeType")), _base64_bytes(resource.get("blob"))
        yield f"[{_label(resource.get('uri'))}: {kind}, {size} bytes]"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _label(value: Any) -> str:
    """A short word of the provider's on one line."""
    return " ".join(_text(value)[:LABEL_CHARACTERS_MAX].split()) or "unknown"


def _base64_bytes(value: Any) -> int:
    return len(_text(value)) * 3 // 4


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
