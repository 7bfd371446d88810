"""Thinking before an answer: how a model marks it, and what an engine is asked for. Pure."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Level = Literal["low", "medium", "high"]

MARKS = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("◁think▷", "◁/think▷"),
    ("<thinking>", "</thinking>"),
    ("<reasoning>", "</reasoning>"),
)


class Thought(Struct, frozen=True):
    """How one engine's model thinks.

    `opening` and `closing` are the marks around its thoughts, empty where they are not known. `opened`: the prompt
    ends with the opening mark. `switched`: its template can leave thinking out. `bounded_by`: who ends a thought that
    is long enough, if anyone can. `constrained`: a grammar binds its thoughts too.
    """

    opening: str = ""
    closing: str = ""
    opened: bool = False
    switched: bool = True
    bounded_by: Literal["engine", "gateway"] | None = None
    constrained: bool = True


class Thinking(Struct, frozen=True):
    """What an engine is asked for: to think or not, for how many tokens at most, how hard where it knows levels."""

    enabled: bool
    tokens_max: int | None = None
    level: Level | None = None


OFF = Thinking(enabled=False)


def recognised(thinking: str, silent: str, template: str = "") -> Thought | None:
    """How a model thinks, by one prompt rendered with thinking switched on and off, and by its template's text.

    None where nothing tells that it thinks.
    """
    end = thinking.rstrip(" \nĠĊ▁")  # the last three: blanks in the vocabularies of tokenizers
    for opening, closing in MARKS:
        if closing in silent or closing in template or end.endswith(opening):
            return Thought(opening, closing, opened=end.endswith(opening), switched=thinking != silent)
    return Thought() if thinking != silent else None
