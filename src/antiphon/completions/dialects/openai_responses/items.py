"""The items of a conversation as OpenAI's Responses write them, and how they become neutral turns. Pure.

What stands to the model's side of one turn comes as several items, in their order: a thought, a text, calls. Images
that functions have answered stand behind their outputs, since only a user's turn holds images. All
system texts that open a conversation become one turn, since templates take only one; who wrote which is noted on it,
so that a later response goes on from what was said, without the instructions of this one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from antiphon.chat import Image, Message, Part, Text, ToolCall
from antiphon.completions.dialects.openai.fields import Name
from antiphon.errors import BadRequest

Id = Annotated[str, Meta(max_length=256)]
NOTE = "developer"  # the key of a note on a system turn: what of it is the conversation's own
TEXTS = frozenset({"input_text", "output_text", "text", "reasoning_text", "summary_text"})


class WirePart(Struct):
    """A part of a content; `detail` of an image changes nothing here."""

    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: str | None = None
    file_id: str | None = None
    detail: Literal["auto", "low", "high", "original"] | None = None


class WireItem(Struct):
    """An item of any kind; without `type` it is a message."""

    type: str | None = None
    role: Literal["user", "assistant", "system", "developer"] | None = None
    content: str | list[WirePart] | None = None
    id: Id | None = None
    status: Literal["in_progress", "completed", "incomplete"] | None = None
    call_id: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    name: Name | None = None
    arguments: str | None = None
    output: str | list[WirePart] | None = None
    summary: list[WirePart] | None = None


Input = str | Annotated[list[WireItem], Meta(min_length=1)]


def turns(given: Input) -> tuple[Message, ...]:
    """The turns that the items are; BadRequest names the item and the rule. System texts are noted as such."""
    if isinstance(given, str):
        return (Message("user", given),)
    made = _Turns()
    for i, item in enumerate(given):
        made.add(item, f"input[{i}]")
    told = made.all()
    if not told:
        raise BadRequest(
            "input: thoughts alone are no turn, a message or a function's output is needed.", param="input"
        )
    return told


def check_outputs(given: Input) -> None:
    """BadRequest for a function's output that answers no call before it, or one twice."""
    calls: set[str] = set()
    for i, item in enumerate(() if isinstance(given, str) else given):
        if item.call_id is None:
            continue
        if item.type == "function_call":
            calls.add(item.call_id)
        elif item.type == "function_call_output" and item.call_id not in calls:
            param = f"input[{i}].call_id"
            raise BadRequest(f"{param}: there is no call of this id before it to answer.", param=param)
        else:
            calls.discard(item.call_id)


def composed(instructions: str | None, earlier: Iterable[Message], new: Iterable[Message]) -> tuple[Message, ...]:
    """The conversation to send: all system texts that open either part in one turn, behind these instructions."""
    opening: list[str] = []
    rest: list[Message] = []
    for part in (tuple(earlier), tuple(new)):
        begin = next((i for i, turn in enumerate(part) if turn.role != "system"), len(part))
        for turn in part[:begin]:
            opening += _noted(turn)
        rest += [turn for turn in part[begin:] if turn.role != "system" or _noted(turn)]
    texts = ([instructions] if instructions else []) + opening
    if not texts:
        return tuple(rest)
    note = {NOTE: opening} if opening else None
    return (Message("system", "\n\n".join(texts), metadata=note), *rest)


def _noted(turn: Message) -> list[str]:
    """What of a system turn is the conversation's own."""
    note = turn.metadata
    return [str(text) for text in note[NOTE]] if isinstance(note, dict) and NOTE in note else []


class _Turns:
    """Turns under way: what the model thought, said and called is collected until somebody else speaks."""

    def __init__(self) -> None:
        self._turns: list[Message] = []
        self._reasoning = ""
        self._content: str | None = None
        self._calls: list[ToolCall] = []
        self._images: list[Part] = []  # that functions have answered

    def add(self, item: WireItem, param: str) -> None:
        """Take the next item."""
        kind = item.type or "message"
        if kind == "message":
            self._message(item, param)
        elif kind == "reasoning":
            self._thought(item, param)
        elif kind == "function_call":
            self._call(item, param)
        elif kind == "function_call_output":
            self._result(item, param)
        elif kind == "item_reference":
            raise BadRequest(f"{param}: items are not kept by themselves, send the item itself.", param=param)
        else:
            raise BadRequest(f"{param}.type: messages, reasoning and function calls are taken.", param=f"{param}.type")

    def all(self) -> tuple[Message, ...]:
        """All turns."""
        self._close()
        return tuple(self._turns)

    def _message(self, item: WireItem, param: str) -> None:
        if item.role is None:
            raise BadRequest(f"{param}.role: required.", param=f"{param}.role")
        content = _content(item.content, f"{param}.content", images=item.role == "user")
        if item.role == "user":
            self._asked(content)
            return
        assert isinstance(content, str), "only a user's content holds images"
        if item.role != "assistant":
            self._close()
            self._turns.append(Message("system", content, metadata={NOTE: [content]}))
            return
        if self._content is not None or self._calls:
            self._close()
        self._content = content

    def _asked(self, content: str | tuple[Part, ...]) -> None:
        """A user speaks, of the images that stand just before it if there are any."""
        images, self._images = tuple(self._images), []
        self._close()
        if images:
            content = images + (content if isinstance(content, tuple) else (Text(content),))
        self._turns.append(Message("user", content))

    def _thought(self, item: WireItem, param: str) -> None:
        """A thought as it was shown: in full, or as its summary."""
        if self._content is not None or self._calls:
            self._close()
        field, told = ("content", item.content) if item.content else ("summary", item.summary)
        if told:
            text = _content(told, f"{param}.{field}", images=False)
            assert isinstance(text, str), "only a user's content holds images"
            self._reasoning += text

    def _call(self, item: WireItem, param: str) -> None:
        for name in ("call_id", "name", "arguments"):
            if getattr(item, name) is None:
                raise BadRequest(f"{param}.{name}: required in a function call.", param=f"{param}.{name}")
        self._calls.append(ToolCall(item.call_id or "", item.name or "", item.arguments or ""))

    def _result(self, item: WireItem, param: str) -> None:
        if item.call_id is None:
            raise BadRequest(f"{param}.call_id: required in a function's output.", param=f"{param}.call_id")
        images, self._images = self._images, []
        self._close()
        content = _content(item.output, f"{param}.output", images=True)
        if isinstance(content, tuple):
            images += [part for part in content if isinstance(part, Image)]
            content = "".join(part.text for part in content if isinstance(part, Text))
        self._turns.append(Message("tool", content, tool_call_id=item.call_id))
        self._images = images

    def _close(self) -> None:
        """What the model's side has said so far is a turn, as are images; a thought that nothing follows is none."""
        if self._images:
            self._turns.append(Message("user", tuple(self._images)))
            self._images = []
        if self._content is not None or self._calls:
            calls = tuple(self._calls)
            turn = Message("assistant", self._content, tool_calls=calls, reasoning=self._reasoning or None)
            self._turns.append(turn)
        self._reasoning, self._content, self._calls = "", None, []


def _content(given: str | list[WirePart] | None, param: str, *, images: bool) -> str | tuple[Part, ...]:
    """Parts are kept only where there is an image; text parts are joined without a separator."""
    if given is None:
        raise BadRequest(f"{param}: required.", param=param)
    if isinstance(given, str):
        return given
    if not given:
        raise BadRequest(f"{param}: at least one part is required.", param=param)
    parts = tuple(_part(part, f"{param}[{i}]", images=images) for i, part in enumerate(given))
    if all(isinstance(part, Text) for part in parts):
        return "".join(part.text for part in parts if isinstance(part, Text))
    return parts


def _part(part: WirePart, param: str, *, images: bool) -> Part:
    if part.type in TEXTS or part.type == "refusal":
        text = part.refusal if part.type == "refusal" else part.text
        if text is None:
            raise BadRequest(f"{param}: its text is required.", param=param)
        return Text(text)
    if part.type != "input_image":
        raise BadRequest(f"{param}.type: texts and images are taken.", param=f"{param}.type")
    if not images:
        raise BadRequest(f"{param}: only a user message may hold images.", param=param)
    if part.image_url is None:
        raise BadRequest(f"{param}.image_url: required, there are no files of images here.", param=f"{param}.image_url")
    return Image(part.image_url)


def shown(messages: Iterable[Message], ids: str) -> list[dict[str, Any]]:  # Any: items are the vendor's JSON
    """The items that stored turns are, each with an id of its own that begins in `ids`."""
    items: list[dict[str, Any]] = []
    for turn in messages:
        items += _items(turn)
    return [{"id": f"{_PREFIXES[item['type']]}{ids}_in{i}", **item} for i, item in enumerate(items)]


_PREFIXES = {"message": "msg_", "reasoning": "rs_", "function_call": "fc_", "function_call_output": "fco_"}
_DONE = {"status": "completed"}


def _items(turn: Message) -> list[dict[str, Any]]:
    if turn.role == "system":
        parts = [{"type": "input_text", "text": text} for text in _noted(turn)]
        return [{"type": "message", "role": "developer", "content": [part], **_DONE} for part in parts]
    if turn.role == "tool":
        return [{"type": "function_call_output", "call_id": turn.tool_call_id, "output": turn.text, **_DONE}]
    if turn.role == "user":
        return [{"type": "message", "role": "user", "content": _shown_parts(turn), **_DONE}]
    made: list[dict[str, Any]] = []
    if turn.reasoning:
        thought = {"type": "reasoning_text", "text": turn.reasoning}
        made.append({"type": "reasoning", "summary": [], "content": [thought]})
    if turn.content:
        part = {"type": "output_text", "text": turn.text, "annotations": []}
        made.append({"type": "message", "role": "assistant", "content": [part], **_DONE})
    for call in turn.tool_calls:
        wire = {"call_id": call.id, "name": call.name, "arguments": call.arguments}
        made.append({"type": "function_call", **wire, **_DONE})
    return made


def _shown_parts(turn: Message) -> list[dict[str, str]]:
    content = (Text(turn.text),) if isinstance(turn.content, str | None) else turn.content
    return [
        {"type": "input_text", "text": part.text}
        if isinstance(part, Text)
        else {"type": "input_image", "image_url": part.url, "detail": "auto"}
        for part in content
    ]
