"""GBNF text as nodes: what our own compiler writes, with comments, negated classes and free line breaks besides.

Equal nodes are one object, so that they can be told apart by identity, which is quick.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from antiphon.structured import charsets
from antiphon.structured.charsets import CharSet
from antiphon.structured.gbnf import bounds_text, literal

_HEAD = re.compile(r"^[ \t]*([A-Za-z][\w-]*)[ \t]*::=", re.MULTILINE | re.ASCII)
_QUOTED = r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]'
_TOKEN = re.compile(rf"\s+|#[^\n]*|({_QUOTED}|\{{\d+(?:,\d*)?\}}|[A-Za-z][\w-]*|[|()*+?])", re.ASCII)
_REFERENCE = re.compile(rf"{_QUOTED}|#[^\n]*|([A-Za-z][\w-]*)", re.ASCII)
_POINT = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([nrt\"\\\[\]]))|([^\\])", re.DOTALL)
_NAMED = {"n": "\n", "r": "\r", "t": "\t"}
_BOUNDS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class Literal(Struct, frozen=True, eq=False):
    """The characters of `chars` from `at` on: at least one."""

    chars: str
    at: int

    @property
    def text(self) -> str:
        """As GBNF."""
        return literal(self.chars[self.at :]).text


class Chars(Struct, frozen=True, eq=False):
    """One character out of `spans`."""

    spans: CharSet
    text: str


class Name(Struct, frozen=True, eq=False):
    """A reference to the rule `text`."""

    text: str


class Group(Struct, frozen=True, eq=False):
    """One of `bodies`, in brackets."""

    bodies: tuple[Body, ...]
    text: str


class Repeat(Struct, frozen=True, eq=False):
    """`inner` from `low` to `high` times, high at least 1; None: without limit."""

    inner: Node
    low: int
    high: int | None
    text: str


Node = Literal | Chars | Name | Group | Repeat
Body = tuple[Node, ...]


class Rules:
    """The rules of a grammar. A rule's body is parsed when it is first asked for."""

    def __init__(self, grammar: str) -> None:
        heads = list(_HEAD.finditer(grammar))
        ends = [*(head.start() for head in heads[1:]), len(grammar)]
        self._texts = {head[1]: grammar[head.end() : end].strip() for head, end in zip(heads, ends, strict=False)}
        self._parsed: dict[str, tuple[Body, ...]] = {}
        self._nodes: dict[str, Node] = {}
        self._literals: dict[tuple[str, int], Literal] = {}
        self._repeats: dict[tuple[Node, int, int | None], Node] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._texts

    def text(self, name: str) -> str:
        """The body of a rule as it was written; ValueError if there is no such rule."""
        if name not in self._texts:
            raise ValueError(f"no rule {name!r}")
        return self._texts[name]

    def bodies(self, name: str) -> tuple[Body, ...]:
        """The alternatives of a rule; ValueError if it is not GBNF as we know it."""
        if name not in self._parsed:
            self._parsed[name] = self._alternatives(self.text(name))
        return self._parsed[name]

    def name(self, name: str) -> Node:
        """A reference to a rule."""
        return self._nodes.setdefault(name, Name(name))

    def literal(self, chars: str, at: int = 0) -> Literal:
        """The characters from `at` on."""
        key = (chars, at)
        if key not in self._literals:
            self._literals[key] = Literal(chars, at)
        return self._literals[key]

    def repeat(self, inner: Node, low: int, high: int | None) -> Node:
        """`inner` so many times; `high` at least 1."""
        if (low, high) == (1, 1):
            return inner
        key = (inner, low, high)
        if key not in self._repeats:
            text = f"({inner.text})" if isinstance(inner, Repeat) else inner.text
            self._repeats[key] = Repeat(inner, low, high, text + bounds_text(low, high))
        return self._repeats[key]

    def _alternatives(self, text: str) -> tuple[Body, ...]:
        outer: list[list[list[Node]]] = []
        bodies: list[list[Node]] = [[]]
        start: int | None = None  # where in the last body stands what a repeat mark would repeat
        for token in _tokens(text):
            if token == "|":
                bodies.append([])
                start = None
            elif token == "(":
                outer.append(bodies)
                bodies = [[]]
                start = None
            elif token in _BOUNDS or token[0] == "{":
                if start is None:
                    raise ValueError(f"nothing to repeat before {token}")
                bodies[-1][start:] = self._repeated(bodies[-1][start:], *_bounds(token))
                start = None
            else:
                parts = self._group(bodies) if token == ")" else self._atom(token)
                if token == ")":
                    if not outer:
                        raise ValueError("a bracket is closed that was not opened")
                    bodies = outer.pop()
                start = len(bodies[-1])
                bodies[-1] += parts
        if outer:
            raise ValueError("a bracket is not closed")
        return tuple(map(tuple, bodies))

    def _atom(self, token: str) -> Body:
        """The node of a literal, a class or a reference; an empty literal is none."""
        if token[0] == '"':
            chars = "".join(chr(point) for point, _ in _points(token[1:-1]))
            return (self.literal(chars),) if chars else ()
        if token[0] == "[":
            return (self._nodes.setdefault(token, Chars(_spans(token[1:-1]), token)),)
        return (self.name(token),)

    def _repeated(self, parts: Sequence[Node], low: int, high: int | None) -> Body:
        if not parts or high == 0:
            return ()
        (inner,) = parts if len(parts) == 1 else self._bracketed((tuple(parts),))
        return (self.repeat(inner, low, high),)

    def _group(self, bodies: Sequence[Sequence[Node]]) -> Body:
        """What stands in brackets; a single sequence needs none."""
        unique = tuple(dict.fromkeys(map(tuple, bodies)))
        return unique[0] if len(unique) == 1 else self._bracketed(unique)

    def _bracketed(self, bodies: tuple[Body, ...]) -> Body:
        text = f"({' | '.join(map(sequence_text, bodies))})"
        return (self._nodes.setdefault(text, Group(bodies, text)),)


def sequence_text(nodes: Iterable[Node]) -> str:
    """The nodes one after the other as GBNF."""
    return " ".join(node.text for node in nodes) or '""'


def references(text: str) -> Iterator[str]:
    """The names of the rules that a body refers to."""
    return (match[1] for match in _REFERENCE.finditer(text) if match[1])


def renamed(text: str, names: dict[str, str]) -> str:
    """The body with other names for some rules."""
    return _REFERENCE.sub(lambda match: names.get(match[1], match[0]), text) if names else text


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"not GBNF: {text[at : at + 20]!r}")
        at = match.end()
        if match[1]:
            yield match[1]


def _bounds(token: str) -> tuple[int, int | None]:
    """How often `*`, `+`, `?`, `{m}`, `{m,}` or `{m,n}` repeats at least and at most."""
    if token in _BOUNDS:
        return _BOUNDS[token]
    low, comma, high = token[1:-1].partition(",")
    return int(low), int(high) if high else (None if comma else int(low))


def _spans(text: str) -> CharSet:
    """The characters of a class."""
    negated = text.startswith("^")
    points = list(_points(text[negated:]))
    sets: list[CharSet] = []
    at = 0
    while at < len(points):
        ranged = at + 2 < len(points) and points[at + 1] == (ord("-"), False)
        last = at + 2 if ranged else at
        sets.append(((points[at][0], points[last][0]),))
        at = last + 1
    chars = charsets.union(sets)
    return charsets.complement(chars) if negated else chars


def _points(text: str) -> Iterator[tuple[int, bool]]:
    """The code points of a literal or a class, each with whether it was escaped."""
    at = 0
    while at < len(text):
        match = _POINT.match(text, at)
        if match is None:
            raise ValueError(f"an escape that engines do not share: {text[at : at + 2]!r}")
        at = match.end()
        if number := match[1] or match[2] or match[3]:
            yield int(number, 16), True
        elif named := match[4]:
            yield ord(_NAMED.get(named, named)), True
        else:
            yield ord(match[5]), False
