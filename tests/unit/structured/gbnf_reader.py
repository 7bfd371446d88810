"""Reads GBNF as engines do: draws random texts from a grammar, and tells whether it accepts a text."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

_TOKEN = re.compile(r'\s+|"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|[a-zA-Z0-9-]+|::=|[|()*+?]')
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t"}
_BOUNDS = {"*": (0, None), "+": (1, None), "?": (0, 1)}


@dataclass(frozen=True)
class Chars:
    """One character out of ranges."""

    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Name:
    """A reference to a rule."""

    name: str


@dataclass(frozen=True)
class Group:
    """Alternatives, each a sequence, `low` to `high` times."""

    bodies: tuple[Body, ...]
    low: int = 1
    high: int | None = 1


Node = Chars | Name | Group
Body = tuple[Node, ...]
Stack = tuple[Node, "Stack"] | None


@dataclass
class Gbnf:
    """A grammar that was read from its text."""

    rules: dict[str, Group]
    _heights: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Gbnf:
        """Parse the text; ValueError where it is not GBNF as we write it."""
        rules = {}
        for line in text.splitlines():
            name, _, body = line.partition(" ::= ")
            tokens = _tokens(body)
            rules[name] = Group(_alternatives(tokens))
            if tokens:
                raise ValueError(f"left over in {name}: {tokens[:3]}")
        grammar = cls(rules)
        for group in rules.values():
            grammar._check(group)
        grammar._measure()
        return grammar

    def accepts(self, text: str) -> bool:
        """Whether the whole text is in the language."""
        return None in self._stacks(text)

    def begins(self, text: str) -> bool:
        """Whether some text of the language starts with `text`."""
        return bool(self._stacks(text))

    def _stacks(self, text: str) -> set[Stack]:
        stacks = self._expanded({(Name("root"), None)})
        for char in text:
            taken: set[Stack] = set()
            for stack in stacks:
                if stack and isinstance(stack[0], Chars) and _holds(stack[0], ord(char)):
                    taken.add(stack[1])
            stacks = self._expanded(taken)
            if not stacks:
                break
        return stacks

    def _expanded(self, stacks: set[Stack]) -> set[Stack]:
        """The stacks whose top is a character, or that are empty."""
        ready: set[Stack] = set()
        seen = set(stacks)
        waiting = list(stacks)
        while waiting:
            stack = waiting.pop()
            if stack is None or isinstance(stack[0], Chars):
                ready.add(stack)
                continue
            for following in self._opened(stack[0], stack[1]):
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
        return ready

    def _opened(self, node: Name | Group, rest: Stack) -> list[Stack]:
        group = self.rules[node.name] if isinstance(node, Name) else node
        opened: list[Stack] = [rest] if group.low == 0 else []
        if group.high == 0:
            return [rest]
        fewer = Group(group.bodies, max(0, group.low - 1), None if group.high is None else group.high - 1)
        after = rest if fewer.high == 0 else (fewer, rest)
        for body in group.bodies:
            stack: Stack = after
            for part in reversed(body):
                stack = (part, stack)
            opened.append(stack)
        return opened

    def draw(self, randomness: random.Random, *, depth_max: int = 40) -> str:
        """A random text; below `depth_max` nested rules the shortest way out is taken."""
        written: list[str] = []
        waiting: list[tuple[Node, int]] = [(Name("root"), 0)]
        while waiting:
            node, depth = waiting.pop()
            if isinstance(node, Chars):
                low, high = randomness.choice(node.spans)
                written.append(chr(randomness.randint(low, high)))
                continue
            group = self.rules[node.name] if isinstance(node, Name) else node
            for _ in range(self._times(group, randomness, free=depth < depth_max)):
                body = self._choice(group, randomness, free=depth < depth_max)
                waiting += [(part, depth + 1) for part in reversed(body)]
        return "".join(written)

    def _times(self, group: Group, randomness: random.Random, *, free: bool) -> int:
        most = group.low + 3 if group.high is None else group.high
        return group.low if not free else randomness.choice([group.low, min(most, group.low + 1), most])

    def _choice(self, group: Group, randomness: random.Random, *, free: bool) -> Body:
        if free:
            return randomness.choice(group.bodies)
        return min(group.bodies, key=self._body_height)

    def _body_height(self, body: Body) -> int:
        return max((self._height(part) for part in body), default=0)

    def _height(self, node: Node) -> int:
        if isinstance(node, Chars):
            return 0
        if isinstance(node, Name):
            return self._heights.get(node.name, 10**6)
        return 0 if node.low == 0 else min(map(self._body_height, node.bodies))

    def _measure(self) -> None:
        """How deep the shortest text of each rule is; ValueError for a rule that has none."""
        while True:
            changed = False
            for name, group in self.rules.items():
                height = 1 + min(map(self._body_height, group.bodies))
                if height < self._heights.get(name, 10**6):
                    self._heights[name] = height
                    changed = True
            if not changed:
                break
        if endless := self.rules.keys() - self._heights.keys():
            raise ValueError(f"these rules never end: {sorted(endless)}")

    def _check(self, group: Group) -> None:
        for part in (part for body in group.bodies for part in body):
            if isinstance(part, Name) and part.name not in self.rules:
                raise ValueError(f"no rule {part.name}")
            if isinstance(part, Group):
                self._check(part)


def _holds(node: Chars, point: int) -> bool:
    return any(low <= point <= high for low, high in node.spans)


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise ValueError(f"not GBNF: {text[at : at + 20]!r}")
        at = match.end()
        if match.group().strip():
            tokens.append(match.group())
    return tokens


def _alternatives(tokens: list[str]) -> tuple[Body, ...]:
    bodies: list[Body] = []
    while True:
        body: list[Node] = []
        while tokens and tokens[0] not in ("|", ")"):
            body += _part(tokens)
        bodies.append(tuple(body))
        if not tokens or tokens[0] == ")":
            return tuple(bodies)
        tokens.pop(0)


def _part(tokens: list[str]) -> list[Node]:
    token = tokens.pop(0)
    nodes: list[Node]
    if token == "(":
        nodes = [Group(_alternatives(tokens))]
        tokens.pop(0)
    elif token[0] == '"':
        nodes = [Chars(((point, point),)) for point, _ in _points(token[1:-1])]
    elif token[0] == "[":
        nodes = [Chars(_spans(token[1:-1]))]
    else:
        nodes = [Name(token)]
    if tokens and tokens[0] in _BOUNDS:
        low, high = _BOUNDS[tokens.pop(0)]
    elif tokens and tokens[0][0] == "{":
        first, comma, last = tokens.pop(0)[1:-1].partition(",")
        low, high = int(first), int(last) if last else (None if comma else int(first))
    else:
        return nodes
    return [Group((tuple(nodes),), low, high)]


def _points(text: str) -> list[tuple[int, bool]]:
    """The code points of a literal or a class, each with whether it was escaped."""
    points: list[tuple[int, bool]] = []
    at = 0
    sizes = {"x": 2, "u": 4, "U": 8}
    while at < len(text):
        if text[at] != "\\":
            points.append((ord(text[at]), False))
            at += 1
        elif (size := sizes.get(text[at + 1])) is not None:
            points.append((int(text[at + 2 : at + 2 + size], 16), True))
            at += 2 + size
        elif text[at + 1] in _ESCAPES:
            points.append((ord(_ESCAPES[text[at + 1]]), True))
            at += 2
        else:
            raise ValueError(f"an escape that engines do not share: {text[at : at + 2]}")
    return points


def _spans(text: str) -> tuple[tuple[int, int], ...]:
    points = _points(text)
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(points):
        ranged = at + 2 < len(points) and points[at + 1] == (ord("-"), False)
        spans.append((points[at][0], points[at + 2][0] if ranged else points[at][0]))
        at += 3 if ranged else 1
    return tuple(spans)
