"""A stored completion as a line of a file for fine-tuning, in OpenAI's form for chats. Pure."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import to_builtins

from antiphon.chat import Image, Message
from antiphon.interactions import wire
from antiphon.interactions.model import Interaction

NOT_TRAINED_ON = ("completion_id", "metadata", "reasoning_content")


def line(row: Interaction) -> bytes | None:
    """The line with its end; None for what nobody should learn from.

    That is an answer that broke off or says nothing, and a prompt whose images were not kept.
    """
    said = row.completion
    if row.error is not None or not (said.text or said.tool_calls) or any(map(_lacks_image, row.messages)):
        return None
    made: dict[str, Any] = {"messages": [_turn(message) for message in _turns(row)]}  # Any: OpenAI's own nesting
    parameters = row.parameters
    if parameters.tools:
        made["tools"] = [{"type": "function", "function": to_builtins(tool)} for tool in parameters.tools]
        made["parallel_tool_calls"] = parameters.parallel_tool_calls
    return msgspec.json.encode(made) + b"\n"


def _turns(row: Interaction) -> tuple[Message, ...]:
    """The prompt and the answer; one that continues a turn of the assistant's is one turn with it."""
    said, before = row.completion, row.messages
    begun = ""
    if before[-1:] and before[-1].role == "assistant" and not before[-1].tool_calls:
        begun, before = before[-1].text, before[:-1]
    text = begun + (said.text or "")
    return (*before, Message("assistant", text or None, tool_calls=said.tool_calls))


def _turn(message: Message) -> dict[str, Any]:  # Any: OpenAI's own nesting
    return {name: value for name, value in wire.message(message).items() if name not in NOT_TRAINED_ON}


def _lacks_image(message: Message) -> bool:
    """Whether an image belongs to it that is not at an address of its own."""
    if message.content is None or isinstance(message.content, str):
        return False
    return any(isinstance(part, Image) and not part.url.startswith("http") for part in message.content)
