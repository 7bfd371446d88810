"""Tells a thought from the answer where an engine that goes on inside a thought shows both as one text. Pure."""

from __future__ import annotations

import msgspec

from antiphon.chat import Delta


class ThoughtSplitter:
    """Text up to the `closing` mark is thought. An engine that tells thoughts apart by itself is believed."""

    def __init__(self, closing: str) -> None:
        self._closing = closing
        self._held = ""  # the end of the text so far, which may be the beginning of the mark
        self._behind = False  # whether the mark has come, and no text of the answer yet
        self.idle = False

    def feed(self, deltas: list[Delta]) -> list[Delta]:
        """The same, thoughts as thoughts."""
        return [split for delta in deltas for split in ([delta] if self.idle else self._split(delta))]

    def _split(self, delta: Delta) -> list[Delta]:
        if delta.reasoning or delta.tool_calls:
            self.idle = True
            return [delta]
        thought, text = self._parted(delta.content)
        if delta.finish_reason is not None:
            thought, self._held = thought + self._held, ""
        self.idle = bool(text)
        told = msgspec.structs.replace(delta, content=text, reasoning=thought)
        return [told] if thought or text or delta.logprobs or delta.finish_reason is not None else []

    def _parted(self, piece: str) -> tuple[str, str]:
        """What of the piece is thought, and what is text behind it: white space between them is neither."""
        if self._behind:
            return "", piece.lstrip()
        thought, mark, text = (self._held + piece).partition(self._closing)
        self._held = ""
        if mark:
            self._behind = True
            return thought.rstrip(), text.lstrip()
        certain = len(thought) - self._begun(thought)
        self._held = thought[certain:]
        return thought[:certain], ""

    def _begun(self, text: str) -> int:
        """How many characters at the end of `text`, white space before a mark included, may belong to the mark."""
        for size in range(min(len(self._closing) - 1, len(text)), 0, -1):
            if self._closing.startswith(text[-size:]):
                return size + _blank_end(text[:-size])
        return _blank_end(text)


def _blank_end(text: str) -> int:
    return len(text) - len(text.rstrip())
