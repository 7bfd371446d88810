"""SQL text as far as it must be understood: which parts are code, where a statement ends, where values go. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

# In the order in which they are tried; whatever none of them matches is code, character by character.
PIECES = re.compile(
    r"""
    (?P<comment> --[^\n]* | /\*.*?\*/ )
  | (?P<quoted> \b[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
  | (?P<cast> :: )
  | :(?P<value> [A-Za-z_][A-Za-z0-9_]* )
  | (?P<end> ; )
  | (?P<space> \s+ )
  | (?P<code> \w+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)


def statements(script: str) -> list[str]:
    """The statements of a script, without comments, each run of white space a single space."""
    found: list[str] = []
    current: list[str] = []
    for kind, text in _pieces(script):
        if kind == "end":
            found.append("".join(current).strip())
            current = []
        elif kind in {"comment", "space"}:
            if current and current[-1] != " ":
                current.append(" ")
        else:
            current.append(text)
    found.append("".join(current).strip())
    return [statement for statement in found if statement]


@lru_cache(maxsize=1024)  # a store has a few dozen statements, run over and over
def with_percent_names(sql: str) -> str:
    """`:name` as `%(name)s`, the form of psycopg, which also wants each `%` of the text doubled."""
    return "".join(f"%({text[1:]})s" if kind == "value" else text.replace("%", "%%") for kind, text in _pieces(sql))


@lru_cache(maxsize=1024)
def with_question_marks(sql: str) -> tuple[str, tuple[str, ...]]:
    """`:name` as `?`, and the names in their order.

    SQLite finds the name of a value by looking at all before it, so that many of them take the square of their number.
    """
    pieces = list(_pieces(sql))
    names = tuple(text[1:] for kind, text in pieces if kind == "value")
    return "".join("?" if kind == "value" else text for kind, text in pieces), names


def _pieces(sql: str) -> Iterator[tuple[str, str]]:
    return ((match.lastgroup or "code", match[0]) for match in PIECES.finditer(sql))
