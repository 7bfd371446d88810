"""How tools, calls and results are written in plain text; the prompt, the grammar and the parser agree on it here."""

from __future__ import annotations

import json
from typing import Any  # JSON values

import msgspec

from antiphon.chat import JSONSchema, Tool, ToolCall

CALL_OPEN = "<tool_call>"
CALL_CLOSE = "</tool_call>"
CALLS_MAX = 8  # in one answer

NO_PARAMETERS: JSONSchema = {"type": "object", "properties": {}, "additionalProperties": False}


def call_head(name: str) -> str:
    """What stands between the opening mark and the arguments."""
    return f'\n{{"name": {json.dumps(name)}, "arguments": '


CALL_TAIL = f"}}\n{CALL_CLOSE}"


def call_text(call: ToolCall) -> str:
    """A call of an earlier turn as the model itself would have written it."""
    return f"{CALL_OPEN}{call_head(call.name)}{_plain(_decoded(call.arguments))}{CALL_TAIL}"


def tool_text(tool: Tool) -> str:
    """A tool's description on one line."""
    function = {"name": tool.name, "description": tool.description, "parameters": parameters_of(tool)}
    return _plain({"type": "function", "function": function})


def result_text(name: str | None, content: str) -> str:
    """What a tool answered, with the name of the tool if it is known."""
    named = {"name": name} if name else {}
    return f"<tool_response>\n{_plain({**named, 'content': content})}\n</tool_response>"


def parameters_of(tool: Tool) -> JSONSchema:
    """The schema of a tool's arguments; none given means that there are none."""
    return tool.parameters or NO_PARAMETERS


def _plain(value: Any) -> str:
    """JSON in which no closing mark can stand, whatever the strings hold."""
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


def _decoded(arguments: str) -> Any:
    """Arguments as a value; text that is no JSON stays text, as the caller sent it."""
    try:
        return msgspec.json.decode(arguments or "{}")
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return arguments
