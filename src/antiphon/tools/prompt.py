"""Tools told in plain turns, for a model whose chat template knows nothing of them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from antiphon.chat import Message, NamedTool, Part, Text, Tool, ToolChoice
from antiphon.tools.markup import CALL_CLOSE, CALL_OPEN, CALL_TAIL, call_text, result_text, tool_text


def with_tools(messages: Sequence[Message], tools: Sequence[Tool], choice: ToolChoice) -> tuple[Message, ...]:
    """The same conversation with the tools described in the system turn, calls and results as text."""
    turns = _as_text(messages)
    if not tools or choice == "none":
        return tuple(turns)
    description = _description(tools, choice)
    if turns and turns[0].role == "system":
        return (replace(turns[0], content=_joined(turns[0].content, description, "\n\n")), *turns[1:])
    return (Message(role="system", content=description), *turns)


def _description(tools: Sequence[Tool], choice: ToolChoice) -> str:
    """What the model is told about the tools and about how to call them."""
    listed = "\n".join(map(tool_text, tools))
    return (
        f"You can call these functions, each given as JSON:\n<tools>\n{listed}\n</tools>\n"
        f"To call a function, write its name and its arguments as JSON between {CALL_OPEN} and {CALL_CLOSE}:\n"
        f'{CALL_OPEN}\n{{"name": "the function", "arguments": {{"an argument": "its value"}}{CALL_TAIL}\n'
        f"{_demand(choice)}"
    )


def _demand(choice: ToolChoice) -> str:
    if isinstance(choice, NamedTool):
        return f"Answer by calling the function {choice.name}."
    if choice == "required":
        return "Answer by calling at least one function."
    return "If no function helps, answer in plain words."


def _as_text(messages: Sequence[Message]) -> list[Message]:
    """Every turn as one of system, user or assistant; results that follow one another share a user turn."""
    turns: list[Message] = []
    names: dict[str, str] = {}
    open_result = False  # whether the last turn holds results, to which a further result or question is added
    for message in messages:
        names |= {call.id: call.name for call in message.tool_calls}
        turn = _turn(message, names)
        if open_result and turn.role == "user":
            turns[-1] = replace(turns[-1], content=_joined(turns[-1].content, turn.content, "\n"))
        else:
            turns.append(turn)
        open_result = message.role == "tool"
    return turns


def _turn(message: Message, names: dict[str, str]) -> Message:
    """A turn with its calls or its result as text; `names` are the functions by the ids of their calls."""
    if message.role == "tool":
        name = message.name or names.get(message.tool_call_id or "")
        return Message(role="user", content=result_text(name, message.text))
    return _with_calls(message) if message.tool_calls else message


def _with_calls(message: Message) -> Message:
    """An assistant turn with its calls written out behind what it said."""
    calls = "\n".join(map(call_text, message.tool_calls))
    return replace(message, content=_joined(message.content, calls, "\n"), tool_calls=())


def _joined(
    first: str | tuple[Part, ...] | None, second: str | tuple[Part, ...] | None, separator: str
) -> str | tuple[Part, ...]:
    """Two contents, one after the other; text stays text where no image is among them."""
    if not first:
        return second or ""
    if isinstance(first, str) and isinstance(second, str | None):
        return f"{first}{separator}{second}" if second else first
    return (*_parts(first), Text(separator), *_parts(second))


def _parts(content: str | tuple[Part, ...] | None) -> tuple[Part, ...]:
    return (Text(content),) if isinstance(content, str) else content or ()
