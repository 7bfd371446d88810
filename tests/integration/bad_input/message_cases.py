"""Turns, parts, roles and tools that do not fit together."""

from __future__ import annotations

from .case import JSON, Case, chat, field, good, message

USER: JSON = {"role": "user", "content": "hello"}
CALL: JSON = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
LOOK: JSON = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
PIXEL = "data:image/png;base64,iVBORw0KGgo="

TURNS: tuple[tuple[str, JSON, str], ...] = (
    ("no role", {"content": "x"}, "messages[0].role"),
    ("unknown role", {"role": "robot", "content": "x"}, "messages[0].role"),
    ("function role", {"role": "function", "name": "f", "content": "x"}, "messages[0].role"),
    ("role in capitals", {"role": "User", "content": "x"}, "messages[0].role"),
    ("role is a number", {"role": 1, "content": "x"}, "messages[0].role"),
    ("role is null", {"role": None, "content": "x"}, "messages[0].role"),
    ("no content", {"role": "user"}, "messages[0].content"),
    ("null content", {"role": "user", "content": None}, "messages[0].content"),
    ("null assistant without calls", {"role": "assistant", "content": None}, "messages[0].content"),
    ("number content", {"role": "user", "content": 5}, "messages[0].content"),
    ("boolean content", {"role": "user", "content": True}, "messages[0].content"),
    ("object content", {"role": "user", "content": {"text": "x"}}, "messages[0].content"),
    ("empty parts", {"role": "user", "content": []}, "messages[0].content"),
    ("string part", {"role": "user", "content": ["x"]}, "messages[0].content[0]*"),
    ("null part", {"role": "user", "content": [None]}, "messages[0].content[0]*"),
    ("part without type", {"role": "user", "content": [{"text": "x"}]}, "messages[0].content[0]*"),
    ("unknown part", {"role": "user", "content": [{"type": "video", "url": "x"}]}, "messages[0].content[0]*"),
    ("audio part", {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},
     "messages[0].content[0]*"),
    ("file part", {"role": "user", "content": [{"type": "file", "file": {}}]}, "messages[0].content[0]*"),
    ("text part without text", {"role": "user", "content": [{"type": "text"}]}, "messages[0].content[0]*"),
    ("text part of number", {"role": "user", "content": [{"type": "text", "text": 1}]}, "messages[0].content[0]*"),
    ("image of nothing", {"role": "user", "content": [{"type": "image_url"}]}, "messages[0].content[0]*"),
    ("image for a text model", {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PIXEL}}]},
     "messages[0].content[0]*"),
    ("local file as image", {"role": "user", "content": [{"type": "image_url", "image_url": "file:///etc/passwd"}]},
     "messages[0].content[0]*"),
    ("loopback as image", {"role": "user", "content": [{"type": "image_url", "image_url": "http://127.0.0.1:9/"}]},
     "messages[0].content[0]*"),
    ("system with an image", {"role": "system", "content": [{"type": "image_url", "image_url": {"url": PIXEL}}]},
     "messages[0].content[0]*"),
    ("name with a space", {"role": "user", "content": "x", "name": "a b"}, "messages[0].name"),
    ("name too long", {"role": "user", "content": "x", "name": "a" * 65}, "messages[0].name"),
    ("name with accents", {"role": "user", "content": "x", "name": "Zoë"}, "messages[0].name"),
    ("name is a number", {"role": "user", "content": "x", "name": 1}, "messages[0].name"),
    ("tool without id", {"role": "tool", "content": "x"}, "messages[0].tool_call_id"),
    ("tool with empty id", {"role": "tool", "content": "x", "tool_call_id": ""}, "messages[0].tool_call_id"),
    ("tool with number id", {"role": "tool", "content": "x", "tool_call_id": 1}, "messages[0].tool_call_id"),
    ("user with calls", {"role": "user", "content": "x", "tool_calls": [CALL]}, "messages[0].tool_calls"),
    ("call without id", {"role": "assistant", "tool_calls": [{**CALL, "id": None}]}, "messages[0].tool_calls[0].id"),
    ("call of unknown type", {"role": "assistant", "tool_calls": [{**CALL, "type": "x"}]},
     "messages[0].tool_calls[0].type"),
    ("call without function", {"role": "assistant", "tool_calls": [{"id": "c", "type": "function"}]},
     "messages[0].tool_calls[0].function"),
    ("call with object arguments",
     {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "look", "arguments": {}}}]},
     "messages[0].tool_calls[0].function.arguments"),
)  # fmt: skip
BAD_TOOLS: tuple[tuple[str, JSON, str], ...] = (
    ("null tool", None, "tools[0]"),
    ("string tool", "look", "tools[0]"),
    ("empty tool", {}, "tools[0]*"),
    ("unknown type", {"type": "retrieval"}, "tools[0]*"),
    ("no function", {"type": "function"}, "tools[0].function"),
    ("no name", {"type": "function", "function": {}}, "tools[0].function.name"),
    ("empty name", {"type": "function", "function": {"name": ""}}, "tools[0].function.name"),
    ("name with a space", {"type": "function", "function": {"name": "a b"}}, "tools[0].function.name"),
    ("name with a dot", {"type": "function", "function": {"name": "a.b"}}, "tools[0].function.name"),
    ("name too long", {"type": "function", "function": {"name": "a" * 65}}, "tools[0].function.name"),
    ("number name", {"type": "function", "function": {"name": 5}}, "tools[0].function.name"),
    ("string parameters", {"type": "function", "function": {"name": "f", "parameters": "{}"}},
     "tools[0].function.parameters*"),
    ("list parameters", {"type": "function", "function": {"name": "f", "parameters": []}},
     "tools[0].function.parameters*"),
    ("array schema", {"type": "function", "function": {"name": "f", "parameters": {"type": "array"}}},
     "tools[0].function.parameters*"),
    ("remote reference", {"type": "function", "function": {"name": "f", "parameters": {"$ref": "http://127.0.0.1:9/"}}},
     "tools[0].function.parameters*"),
    ("override", {"id": "search", "enabled": True}, "tools[0]*"),
)  # fmt: skip
CHOICES: tuple[tuple[str, JSON, str], ...] = (
    ("unknown function", {"type": "function", "function": {"name": "other"}}, "tool_choice*"),
    ("no function", {"type": "function"}, "tool_choice*"),
    ("function without name", {"type": "function", "function": {}}, "tool_choice*"),
    ("unknown type", {"type": "retrieval"}, "tool_choice*"),
    ("unknown word", "always", "tool_choice"),
    ("name alone", "look", "tool_choice"),
)
WITHOUT_TOOLS: tuple[JSON, ...] = ("required", {"type": "function", "function": {"name": "look"}})
TOLERATED: tuple[tuple[str, list[JSON]], ...] = (
    ("only a system message", [{"role": "system", "content": "be brief"}]),
    ("developer", [{"role": "developer", "content": "be brief"}, USER]),
    ("empty content", [{"role": "user", "content": ""}]),
    ("two users", [USER, USER]),
    ("two assistants", [USER, {"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}, USER]),
    ("assistant first", [{"role": "assistant", "content": "a"}, USER]),
    ("system last", [USER, {"role": "system", "content": "now answer"}]),
    ("orphan tool result", [USER, {"role": "tool", "content": "x", "tool_call_id": "nobody"}]),
    ("unknown fields of a turn", [{**USER, "colour": "red", "tool_calls": None}]),
    ("name", [{**USER, "name": "a-b_C9"}]),
    ("text parts", [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]),
)


def cases() -> list[Case]:
    """All of them."""
    twice: JSON = [LOOK, LOOK]
    return [
        *(message(name, turn, param=param) for name, turn, param in TURNS),
        *(chat(f"tool: {name}", good(tools=[tool]), param=param) for name, tool, param in BAD_TOOLS),
        *(chat(f"tool_choice: {n}", good(tools=[LOOK], tool_choice=c), param=p) for n, c, p in CHOICES),
        *(chat(f"{choice} without tools", good(tool_choice=choice), param="tool_choice") for choice in WITHOUT_TOOLS),
        *(chat(f"tolerated: {name}", good(messages=turns), 200) for name, turns in TOLERATED),
        chat("the same tool twice", good(tools=twice), param="tools*"),
        chat("129 tools", good(tools=_tools(129)), param="tools"),
        field("parallel_tool_calls", "no"),
        chat("second turn is wrong", good(messages=[USER, {"role": "robot", "content": "x"}]),
             param="messages[1].role"),
        chat("prefill and tools", good(messages=[USER, {"role": "assistant", "content": "x"}], tools=[LOOK]),
             param="messages"),
        chat("2,049 messages", good(messages=[USER] * 2049), param="messages"),
    ]  # fmt: skip


def _tools(count: int) -> list[JSON]:
    """That many different tools."""
    return [{"type": "function", "function": {**LOOK["function"], "name": f"f{n}"}} for n in range(count)]
