"""What the events of a stream have in common: most differ only in their text, and are read at a glance. Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from antiphon.chat import Delta, Usage
from antiphon.errors import EngineFailed
from antiphon.http.origin import Broken
from antiphon.http.sse import EventReader

Decode = Callable[[bytes], tuple[Delta | None, Usage | None]]

_encode = msgspec.json.encode
_decode_text = msgspec.json.Decoder(str).decode


class EventTemplate:
    """The bytes of an event before and after its text, quotes included; text is all that such an event holds."""

    __slots__ = ("_after", "_before", "_text", "_thinks")

    def __init__(self, before: bytes, after: bytes, *, thinks: bool) -> None:
        self._before = before
        self._after = after
        self._text = slice(len(before) - 1, 1 - len(after))
        self._thinks = thinks

    def read(self, data: bytes) -> Delta | None:
        """The delta of one whole event that differs from the template only in its text; None for anything else."""
        if not (data.startswith(self._before) and data.endswith(self._after)):
            return None
        try:
            text = _decode_text(data[self._text])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        if not text:
            return None
        return Delta(0, "", text) if self._thinks else Delta(0, text)


def learn(data: bytes, delta: Delta, decode: Decode) -> EventTemplate | None:
    """The template of `data`, one whole event that says `delta`; None when it holds more than a text.

    It is tried out with another text: an event is JSON, so what holds for two texts at one place holds for all.
    """
    thinks = not delta.content
    text = delta.reasoning if thinks else delta.content
    before, found, after = data.rpartition(_encode(text))
    if not found:
        return None
    template = EventTemplate(before + b'"', b'"' + after, thinks=thinks)
    other = before + _encode(f"{text}.") + after
    try:
        said = [decode(payload) for payload in EventReader().feed(other)]
    except (Broken, EngineFailed):
        return None
    return template if said == [(template.read(other), None)] else None
