"""The blocks of a conversation as Anthropic writes them, and how they become neutral turns. Pure.

Results of tools stand in a user's turn here; they become turns of their own, and images that tools have answered stand
behind them, since only a user's turn holds images. Texts side by side are joined by a blank line, as are turns of one
user, since templates take one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from antiphon.chat import Image, Message, Part, Text, ToolCall
from antiphon.completions.dialects.openai.fields import Name
from antiphon.errors import BadRequest

GAP = "\n\n"
MEDIA_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
Id = Annotated[str, Meta(min_length=1, max_length=256)]


class WireSource(Struct):
    """Where an image is: in the request, or at an address."""

    type: str
    media_type: str | None = None
    data: str | None = None
    url: str | None = None


class WireBlock(Struct):
    """A block of any kind. `cache_control` changes nothing: beginnings are cached by themselves."""

    type: str
    text: str | None = None
    source: WireSource | None = None
    id: Id | None = None
    name: Name | None = None
    input: dict[str, Any] | None = None  # Any: the arguments of a call
    tool_use_id: Id | None = None
    content: str | list[WireBlock] | None = None
    is_error: bool | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    cache_control: Any = None  # Any: a hint


class WireTurn(Struct):
    """One turn."""

    role: Literal["user", "assistant", "system"]
    content: str | list[WireBlock]


def turns(system: str | list[WireBlock] | None, messages: Iterable[WireTurn]) -> tuple[Message, ...]:
    """The neutral turns; BadRequest names the block and the rule."""
    made: list[Message] = []
    opening = _text(system, "system")
    if opening:
        made.append(Message("system", opening))
    for i, turn in enumerate(messages):
        for each in _turns(turn, f"messages[{i}].content"):
            last = made[-1] if made else None
            if each.role == "user" and last is not None and last.role == "user":
                made[-1] = replace(last, content=_joined(last.content, each.content))
            else:
                made.append(each)
    return tuple(made)


def check_results(messages: Iterable[WireTurn]) -> None:
    """BadRequest for a result of a tool that answers no call of the model's last turn, or one twice."""
    calls: set[str | None] = set()
    for i, turn in enumerate(messages):
        blocks = turn.content if isinstance(turn.content, list) else []
        if turn.role == "assistant":
            calls = {block.id for block in blocks if block.type == "tool_use"}
            continue
        for j, block in enumerate(blocks):
            if block.type != "tool_result" or block.tool_use_id is None:
                continue
            if block.tool_use_id not in calls:
                param = f"messages[{i}].content[{j}].tool_use_id"
                raise BadRequest(f"{param}: the model's last turn has no call of this id to answer.", param=param)
            calls.remove(block.tool_use_id)


def _turns(turn: WireTurn, param: str) -> list[Message]:
    if isinstance(turn.content, str):
        return [Message(turn.role, turn.content)]
    if turn.role == "assistant":
        return [_answer(turn.content, param)]
    if turn.role == "system":
        return [Message("system", _text(turn.content, param))]
    return _asked(turn.content, param)


def _asked(blocks: list[WireBlock], param: str) -> list[Message]:
    """What a user says, and what tools have answered, in their order."""
    if not blocks:
        raise BadRequest(f"{param}: at least one block is required.", param=param)
    made: list[Message] = []
    parts: list[Part] = []
    images: list[Part] = []
    for i, block in enumerate(blocks):
        place = f"{param}[{i}]"
        if block.type != "tool_result":
            parts.append(_part(block, place))
            continue
        if parts:
            made.append(Message("user", _content(parts)))
            parts = []
        told, shown = _result(block, place)
        made.append(told)
        images += shown
    if images or parts:
        made.append(Message("user", _content(images + parts)))
    return made


def _result(block: WireBlock, param: str) -> tuple[Message, list[Part]]:
    """What a tool has answered, and the images of it."""
    call_id = _required(block.tool_use_id, f"{param}.tool_use_id")
    content = block.content
    blocks = [WireBlock("text", text=content)] if isinstance(content, str) else content or []
    parts = [_part(each, f"{param}.content[{i}]") for i, each in enumerate(blocks)]
    told = GAP.join(part.text for part in parts if isinstance(part, Text))
    images: list[Part] = [part for part in parts if isinstance(part, Image)]
    return Message("tool", f"Error: {told}" if block.is_error else told, tool_call_id=call_id), images


def _answer(blocks: list[WireBlock], param: str) -> Message:
    """What the model has said; thoughts that were sealed elsewhere cannot be read and are left out."""
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[ToolCall] = []
    for i, block in enumerate(blocks):
        place = f"{param}[{i}]"
        if block.type == "text":
            texts.append(_required(block.text, f"{place}.text"))
        elif block.type == "thinking":
            thoughts.append(_required(block.thinking, f"{place}.thinking"))
        elif block.type == "tool_use":
            arguments = msgspec.json.encode(block.input or {}).decode()
            name = _required(block.name, f"{place}.name")
            calls.append(ToolCall(_required(block.id, f"{place}.id"), name, arguments))
        elif block.type != "redacted_thinking":
            raise BadRequest(f"{place}.type: texts, thoughts and calls are taken.", param=f"{place}.type")
    content = GAP.join(texts) if texts or not calls else None
    return Message("assistant", content, tool_calls=tuple(calls), reasoning=GAP.join(thoughts) or None)


def _part(block: WireBlock, param: str) -> Part:
    if block.type == "text":
        return Text(_required(block.text, f"{param}.text"))
    if block.type != "image":
        raise BadRequest(f"{param}.type: texts, images and results of tools are taken.", param=f"{param}.type")
    source = block.source
    if source is None:
        raise BadRequest(f"{param}.source: required.", param=f"{param}.source")
    if source.type == "url":
        return Image(_required(source.url, f"{param}.source.url"))
    if source.type != "base64":
        raise BadRequest(f"{param}.source.type: `base64` or `url` is expected.", param=f"{param}.source.type")
    media_type = _required(source.media_type, f"{param}.source.media_type")
    if media_type not in MEDIA_TYPES:
        rule = f"{', '.join(MEDIA_TYPES)} are taken"
        raise BadRequest(f"{param}.source.media_type: {rule}.", param=f"{param}.source.media_type")
    return Image(f"data:{media_type};base64,{_required(source.data, f'{param}.source.data')}")


def _content(parts: list[Part]) -> str | tuple[Part, ...]:
    if all(isinstance(part, Text) for part in parts):
        return GAP.join(part.text for part in parts if isinstance(part, Text))
    return tuple(parts)


def _joined(first: str | tuple[Part, ...] | None, second: str | tuple[Part, ...] | None) -> str | tuple[Part, ...]:
    """Two turns of one user as one."""
    parts = [Text(one) if isinstance(one, str) else one for part in (first, second) for one in _each(part)]
    return _content(parts)


def _each(content: str | tuple[Part, ...] | None) -> tuple[str | Part, ...]:
    return content if isinstance(content, tuple) else (content or "",)


def _text(content: str | list[WireBlock] | None, param: str) -> str:
    """All text of blocks that can hold nothing else."""
    if content is None or isinstance(content, str):
        return content or ""
    for i, block in enumerate(content):
        if block.type != "text":
            raise BadRequest(f"{param}[{i}].type: only texts are taken here.", param=f"{param}[{i}].type")
    return GAP.join(_required(block.text, f"{param}[{i}].text") for i, block in enumerate(content))


def _required(value: str | None, param: str) -> str:
    if value is None:
        raise BadRequest(f"{param}: required.", param=param)
    return value
