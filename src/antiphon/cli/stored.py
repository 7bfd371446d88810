"""Stored turns as lines for a terminal: what a stranger wrote moves no cursor and sets no colour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

LINE_CHARACTERS = 60
Turn = dict[str, Any]  # Any: the gateway's JSON


def moment(at_ms: int) -> str:
    """A time for people: `2026-11-25 12:00:00`, UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def transcript(turns: list[Turn]) -> Iterator[str]:
    """The turns, each under its role."""
    for turn in turns:
        yield f"[{turn['role']}]"
        yield from (plain(line) for line in _text(turn).split("\n"))
        for call in turn.get("tool_calls") or ():
            yield plain(f"-> {call['function']['name']}({call['function']['arguments']})")
        yield ""


def answer_line(turn: Turn) -> str:
    """The beginning of an answer, on one line."""
    text = _text(turn) or " ".join(call["function"]["name"] + "(...)" for call in turn.get("tool_calls") or ())
    line = plain(" ".join(text.split()))
    return line if len(line) <= LINE_CHARACTERS else line[: LINE_CHARACTERS - 1] + "…"


def plain(text: str) -> str:
    """The text without what a terminal would obey."""
    return "".join(one if one.isprintable() else "?" for one in text)


def _text(turn: Turn) -> str:
    content = turn["content"]
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part["text"] if part["type"] == "text" else "[image]" for part in content)
