"""A grammar while it is being built, and its text in GBNF: the dialect that llama.cpp reads, and vLLM's xgrammar too.

Only what both read alike is written: literals, character classes, sequences, alternatives and bounded repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from antiphon.structured.budget import Budget
from antiphon.structured.charsets import CharSet

REPEAT_MAX = 1000  # engines refuse more in one repeat: longer ones are written as repeats of blocks
BLOCK_SIZE = 100


class Terminal(Struct, frozen=True):
    """A literal or a character class, as GBNF text."""

    text: str


class Rule(Struct, frozen=True):
    """A reference to a rule."""

    name: str


class Repeat(Struct, frozen=True):
    """`parts` from `low` to `high` times; None: without limit."""

    parts: Parts
    low: int
    high: int | None


Term = Terminal | Rule | Repeat
Parts = tuple[Term, ...]

EMPTY: Parts = ()
_SPELLED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}  # all controls that a literal may hold


def literal(text: str) -> Terminal:
    """Exactly `text`."""
    return Terminal('"' + "".join(_SPELLED.get(char, char) for char in text) + '"')


def char_class(chars: CharSet) -> Terminal:
    """Any one character of `chars`."""
    plain = [span for span in chars if all(map(_is_plain, span))]
    others = [span for span in chars if span not in plain]
    # Escaped members stand last: xgrammar takes any hexadecimal digits that follow `\x2D` for a part of it.
    return Terminal(f"[{''.join(_span(chr, span) for span in plain)}{''.join(_span(_code, span) for span in others)}]")


def _is_plain(point: int) -> bool:
    """Whether the character may stand in a class as it is: letters and digits only, so that no reader trips."""
    return chr(point).isascii() and chr(point).isalnum()


def _span(spell: Callable[[int], str], span: tuple[int, int]) -> str:
    low, high = span
    return spell(low) if low == high else f"{spell(low)}-{spell(high)}"


def _code(point: int) -> str:
    """A code point by its number."""
    if point < 0x80:
        return f"\\x{point:02X}"
    return f"\\u{point:04X}" if point < 0x10000 else f"\\U{point:08X}"


class Grammar:
    """Rules under names; equal bodies share one rule."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._rules: dict[str, tuple[Parts, ...]] = {}
        self._known: dict[tuple[Parts, ...], Rule] = {}

    def reserve(self, kind: str) -> Rule:
        """A name for a rule that is defined later, so that it may refer to itself."""
        rule = Rule(f"{kind}-{len(self._rules)}")
        self._rules[rule.name] = ()
        return rule

    def define(self, rule: Rule, alternatives: Iterable[Parts]) -> None:
        """Give a reserved rule its body; without alternatives it matches nothing."""
        body = tuple(dict.fromkeys(alternatives))
        self.budget.spend(2 + sum(1 + len(parts) for parts in body))
        self._rules[rule.name] = body

    def add(self, kind: str, alternatives: Iterable[Parts]) -> Rule:
        """A rule with this body."""
        body = tuple(dict.fromkeys(alternatives))
        if body not in self._known:
            self._known[body] = self.reserve(kind)
            self.define(self._known[body], body)
        return self._known[body]

    def repeat(self, kind: str, parts: Parts, low: int, high: int | None) -> Parts:
        """`parts` from `low` to `high` times, however many that is."""
        if high == 0:
            return EMPTY
        if max(low, high or 0) <= REPEAT_MAX:
            return (Repeat(parts, low, high),)
        block = self.add(f"{kind}-block", [(Repeat(parts, BLOCK_SIZE, BLOCK_SIZE),)])
        blocks, ones = divmod(low, BLOCK_SIZE)
        fixed = (*self.repeat(kind, (block,), blocks, blocks), *self.repeat(kind, parts, ones, ones))
        if high is None:
            return (*fixed, Repeat(parts, 0, None))
        blocks, ones = divmod(high - low, BLOCK_SIZE)
        full = (*self.repeat(kind, (block,), blocks, blocks), *self.repeat(kind, parts, 0, ones))
        if not blocks:
            return (*fixed, *full)
        partial = (*self.repeat(kind, (block,), 0, blocks - 1), Repeat(parts, 0, BLOCK_SIZE - 1))
        return (*fixed, self.add(f"{kind}-blocks", [partial, full]))

    def render(self, root: Rule) -> str | None:
        """The text, in which rule `root` is `root`, without rules that cannot end; None if `root` itself cannot."""
        productive = self._productive()
        if root.name not in productive:
            return None
        lines = [f"root ::= {root.name}"]
        waiting = [root.name]
        seen = {root.name}
        for name in waiting:
            bodies = [kept for parts in self._rules[name] if (kept := _kept(parts, productive)) is not None]
            lines.append(f"{name} ::= {' | '.join(map(_text, bodies))}")
            for reference in (each for parts in bodies for each in _references(parts)):
                if reference not in seen:
                    seen.add(reference)
                    waiting.append(reference)
        return "\n".join(lines) + "\n"

    def _productive(self) -> set[str]:
        """The rules from which some text can be made."""
        users: dict[str, set[str]] = {}
        for name, bodies in self._rules.items():
            for parts in bodies:
                for reference in _references(parts):
                    users.setdefault(reference, set()).add(name)
        productive: set[str] = set()
        waiting = list(self._rules)
        while waiting:
            name = waiting.pop()
            if name in productive or all(_kept(parts, productive) is None for parts in self._rules[name]):
                continue
            productive.add(name)
            waiting += users.get(name, ())
        return productive


def _references(parts: Parts) -> Iterable[str]:
    for term in parts:
        if isinstance(term, Rule):
            yield term.name
        elif isinstance(term, Repeat):
            yield from _references(term.parts)


def _kept(parts: Parts, productive: set[str]) -> Parts | None:
    """The sequence without optional parts that cannot end; None if a needed part cannot."""
    kept: list[Term] = []
    for term in parts:
        if isinstance(term, Rule) and term.name not in productive:
            return None
        if isinstance(term, Repeat):
            inner = _kept(term.parts, productive)
            if inner is None and term.low:
                return None
            if inner is None:
                continue
        kept.append(term)
    return tuple(kept)


def _text(parts: Parts) -> str:
    return " ".join(_term_text(term) for term in parts) or '""'


def _term_text(term: Term) -> str:
    if isinstance(term, Terminal):
        return term.text
    if isinstance(term, Rule):
        return term.name
    inner = _text(term.parts)
    if len(term.parts) != 1 or isinstance(term.parts[0], Repeat):
        inner = f"({inner})"
    return inner + bounds_text(term.low, term.high)


def bounds_text(low: int, high: int | None) -> str:
    """What follows a part that comes from `low` to `high` times; None: without limit."""
    simple = {(0, None): "*", (1, None): "+", (0, 1): "?", (1, 1): ""}
    if (low, high) in simple:
        return simple[low, high]
    return f"{{{low}}}" if low == high else f"{{{low},{'' if high is None else high}}}"


def joined(sequences: Sequence[Parts]) -> Parts:
    """One sequence after the other."""
    return tuple(term for parts in sequences for term in parts)
