"""Reads tool calls out of generated text as it comes, in pieces of any size."""

from __future__ import annotations

from collections.abc import Callable

from antiphon.chat import ToolCallDelta
from antiphon.tools.call_reader import CallReader, MalformedError
from antiphon.tools.markup import CALL_CLOSE, CALL_OPEN

Piece = str | ToolCallDelta  # content text, or a piece of a call


class ToolCallParser:
    """One choice's text -> content and call pieces, each as early as it is certain.

    White space around calls belongs to no content. Text that looks like a call but is none comes out as content.
    """

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self.calls_count = 0  # calls whose name is known
        self._held = ""  # text that may turn out to be the beginning of a mark
        self._raw = ""  # the text of a call whose name is not known yet
        self._call: CallReader | None = None
        self._started = False  # whether the current call's name was handed out
        self._behind_call = False

    def feed(self, text: str) -> tuple[Piece, ...]:
        """Take the next piece of text (one character or many); return what it made certain."""
        pieces: list[Piece] = []
        while text:
            text = self._feed_text(text, pieces) if self._call is None else self._feed_call(text, pieces)
        return tuple(pieces)

    def finish(self, *, cut: bool) -> tuple[Piece, ...]:
        """No more text comes; `cut` tells that the engine stopped for length. Return what was held back.

        The beginning of a mark is content only if the model ended there by itself.
        """
        if self._call is not None:
            return () if cut or self._started else (self._raw,)
        rest, self._held = self._held, ""
        if cut or self._behind_call:
            rest = rest.rstrip()
            rest = rest[: len(rest) - self._mark_begun(rest)].rstrip()
        rest = rest.lstrip() if self._behind_call else rest
        return (rest,) if rest else ()

    def _feed_text(self, text: str, pieces: list[Piece]) -> str:
        """Content up to an opening mark; return what stands behind the mark."""
        text = self._held + text
        self._held = ""
        if self._behind_call:
            text = self._skip_closing(text)
        before, mark, after = text.partition(CALL_OPEN)
        if mark:
            self._say(before.rstrip(), pieces)
            self._call, self._raw, self._started = CallReader(), mark, False
            return after
        certain = text[: len(text) - self._mark_begun(text)].rstrip()
        self._held = text[len(certain) :]
        self._say(certain, pieces)
        return ""

    def _skip_closing(self, text: str) -> str:
        """Without the closing mark of the last call, if it is there or may still come."""
        rest = text.lstrip()
        if rest.startswith(CALL_CLOSE):
            return rest[len(CALL_CLOSE) :].lstrip()
        return rest

    def _say(self, content: str, pieces: list[Piece]) -> None:
        if content:
            self._behind_call = False
            pieces.append(content)

    def _feed_call(self, text: str, pieces: list[Piece]) -> str:
        """Pieces of the current call; return what stands behind it."""
        assert self._call is not None
        try:
            taken = self._call.feed(text)
        except MalformedError:
            return self._give_up(text, pieces)
        if not self._started:
            self._raw += text[:taken]
        if self._call.name is not None and not self._started:
            self._started = True
            self._raw = ""
            pieces.append(ToolCallDelta(index=self.calls_count, id=self._new_id(), name=self._call.name))
            self.calls_count += 1
        if self._started and (arguments := self._call.take_arguments()):
            pieces.append(ToolCallDelta(index=self.calls_count - 1, arguments=arguments))
        if self._call.done:
            self._call, self._behind_call = None, True
        return text[taken:]

    def _give_up(self, text: str, pieces: list[Piece]) -> str:
        """It is no call: what was read as one is content, unless its name has been told already."""
        if not self._started:
            pieces.append(self._raw + text)
        self._call, self._raw, self._behind_call = None, "", self._started
        return ""

    def _mark_begun(self, text: str) -> int:
        """How many characters at the end of `text` may be the beginning of a mark."""
        marks = (CALL_OPEN, CALL_CLOSE) if self._behind_call else (CALL_OPEN,)
        for size in range(min(len(CALL_CLOSE) - 1, len(text)), 0, -1):
            if any(mark.startswith(text[-size:]) for mark in marks):
                return size
        return 0
