"""What stands in front of the caller's own turns: the project's system prompt. Pure."""

from __future__ import annotations

import msgspec

from antiphon.chat import Message


def with_system_prompt(messages: tuple[Message, ...], prompt: str) -> tuple[Message, ...]:
    """The prompt as the first system message; the caller's own follows in the same, since templates take only one."""
    first = messages[0]
    if first.role != "system":
        return (Message("system", prompt), *messages)
    joined = msgspec.structs.replace(first, content=f"{prompt}\n\n{first.text}")
    return (joined, *messages[1:])
