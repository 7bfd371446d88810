"""Reads tool calls out of generated text as it comes, in pieces of any size."""

from __future__ import annotations

from collections.abc import Callable

from antiphon.chat import ToolCallDelta

Piece = str | ToolCallDelta  # content text, or a piece of a call


class ToolCallParser:
    """One choice's text -> content and call pieces, each as early as it is certain."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self.calls_count = 0  # calls whose name is known

    def feed(self, text: str) -> tuple[Piece, ...]:
        """Take the next piece of text (one character or many); return what it made certain."""
        raise NotImplementedError

    def finish(self, *, cut: bool) -> tuple[Piece, ...]:
        """No more text comes; `cut` tells that the engine stopped for length. Return what was held back."""
        raise NotImplementedError
