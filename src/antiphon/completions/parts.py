"""Who said how much of a choice: the engines that had a part in it, one after the other. Pure."""

from __future__ import annotations

from antiphon.credits.receipt import Served


class Parts:
    """Notes where each attempt began."""

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun: list[tuple[str, str, int]] = []

    def begin(self, node: str, attempt: str, before: int) -> None:
        """What comes now is that node's, in that attempt; there were so many tokens before."""
        self._begun.append((node, attempt, before))

    def latest(self, tokens: int) -> int:
        """How many of so many tokens the latest attempt has said."""
        return tokens - self._begun[-1][2] if self._begun else tokens

    def served(self, tokens: int) -> tuple[Served, ...]:
        """Each with its part of so many tokens, in turn; who said nothing is left out."""
        found, end = [], tokens
        for node, attempt, before in reversed(self._begun):
            if end > before:
                found.append(Served(node, attempt, end - before))
            end = before
        return tuple(reversed(found))
