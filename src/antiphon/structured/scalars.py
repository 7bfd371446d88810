"""JSON's own parts as grammar rules: white space, strings, numbers, literals, and any value up to a depth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any  # JSON values

from antiphon.structured import charsets
from antiphon.structured.automata import Automaton
from antiphon.structured.charsets import CharSet
from antiphon.structured.gbnf import EMPTY, Grammar, Parts, Repeat, Rule, Term, Terminal, char_class, literal

VALUE_DEPTH_MAX = 10
INDENT_MAX = 16
_CONTROLS: CharSet = ((0, 0x1F),)
_ESCAPED = charsets.union([_CONTROLS, charsets.of('"\\')])
_RAW = charsets.subtract(charsets.EVERYTHING, _ESCAPED)
_SHARED_DEPTH_MAX = 40  # beginnings of beginnings that are shared among literals
_CLASS_TEXT_MAX = 40  # a longer class gets a rule of its own, so that its text stands in the grammar once


class Scalars:
    """Rules that do not depend on a schema, and those of single strings, numbers and literals."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self._values: dict[int, Rule] = {}

    def space(self) -> Rule:
        """White space between parts: none, one blank, or a new line with some indentation; never an endless run."""
        indent = Repeat((char_class(charsets.of(" ")),), 0, INDENT_MAX)
        return self.grammar.add("space", [EMPTY, (literal(" "),), (literal("\n"), indent)])

    def colon(self) -> Parts:
        """Between a key and its value."""
        return (literal(":"), Repeat((literal(" "),), 0, 1))

    def comma(self) -> Parts:
        """Between two members."""
        return (literal(","), self.space())

    def char(self) -> Rule:
        """One code point of a JSON string, as itself or escaped. Half a surrogate pair is no code point."""
        digit = charsets.of("0123456789abcdefABCDEF")
        below = charsets.subtract(digit, charsets.of("dD"))
        hexadecimal = char_class(digit)
        point = self.grammar.add(
            "point",
            [
                (char_class(below), Repeat((hexadecimal,), 3, 3)),
                (char_class(charsets.of("dD")), char_class(charsets.of("01234567")), Repeat((hexadecimal,), 2, 2)),
            ],
        )
        escape = self.grammar.add("escape", [(char_class(charsets.of('"\\/bfnrt')),), (literal("u"), point)])
        return self.grammar.add("char", [(char_class(_RAW),), (literal("\\"), escape)])

    def string(self, low: int = 0, high: int | None = None) -> Rule:
        """A string of `low` to `high` code points."""
        inner = self.grammar.repeat("char", (self.char(),), low, high)
        return self.grammar.add("string", [(literal('"'), *inner, literal('"'))])

    def number(self) -> Rule:
        """Any number of bounded length."""
        digit = char_class(charsets.DIGITS)
        fraction = Repeat((literal("."), Repeat((digit,), 1, 15)), 0, 1)
        sign = Repeat((char_class(charsets.of("+-")),), 0, 1)
        exponent = Repeat((char_class(charsets.of("eE")), sign, Repeat((digit,), 1, 2)), 0, 1)
        whole = self.grammar.add("whole", [(literal("0"),), (char_class(((0x31, 0x39),)), Repeat((digit,), 0, 14))])
        return self.grammar.add("number", [(Repeat((literal("-"),), 0, 1), whole, fraction, exponent)])

    def integer(self) -> Rule:
        """Any whole number of at most 15 digits."""
        digits = Repeat((char_class(charsets.DIGITS),), 0, 14)
        return self.grammar.add(
            "integer", [(literal("0"),), (Repeat((literal("-"),), 0, 1), char_class(((0x31, 0x39),)), digits)]
        )

    def boolean(self) -> Rule:
        """True or false."""
        return self.grammar.add("boolean", [(literal("true"),), (literal("false"),)])

    def value(self, depth: int = VALUE_DEPTH_MAX) -> Rule:
        """Any JSON value with at most `depth` levels of arrays and objects."""
        if depth not in self._values:
            bodies: list[Parts] = [(self.string(),), (self.number(),), (self.boolean(),), (literal("null"),)]
            if depth:
                inner = self.value(depth - 1)
                bodies = [(self.object(inner),), (self.bracketed("array", "[]", inner),), *bodies]
            self._values[depth] = self.grammar.add("value", bodies)
        return self._values[depth]

    def object(self, inner: Rule) -> Rule:
        """Any JSON object whose values are `inner`."""
        member = self.grammar.add("member", [(self.string(), *self.colon(), inner)])
        return self.bracketed("object", "{}", member)

    def bracketed(self, kind: str, brackets: str, member: Rule) -> Rule:
        """Any number of `member` with commas between brackets."""
        more = Repeat((*self.comma(), member), 0, None)
        some = Repeat((member, more, self.space()), 0, 1)
        return self.grammar.add(kind, [(literal(brackets[0]), self.space(), some, literal(brackets[1]))])

    def literals(self, values: Sequence[Any]) -> Rule:
        """One of these values, each in one spelling; common beginnings are shared, so that few paths stay open."""
        texts = [json.dumps(value, ensure_ascii=False, separators=(", ", ": ")) for value in values]
        return self._spellings(sorted(set(texts)))

    def _spellings(self, texts: list[str], depth: int = 0) -> Rule:
        """A rule for sorted, distinct texts."""
        if depth > _SHARED_DEPTH_MAX:
            return self.grammar.add("literal", [(literal(text),) for text in texts])
        groups: dict[str, list[str]] = {}
        for text in texts:
            groups.setdefault(text[:1], []).append(text)
        alternatives: list[Parts] = []
        for group in groups.values():
            first, last = group[0], group[-1]
            size = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
            tails = [text[size:] for text in group]
            rest: Parts = () if len(group) == 1 else (self._spellings(tails, depth + 1),)
            alternatives.append((literal(first[:size]), *rest) if first else EMPTY)
        return self.grammar.add("literal", alternatives)

    def automaton(self, automaton: Automaton, *, quoted: bool) -> Rule:
        """The texts of an automaton, as JSON strings if `quoted`."""
        rules = [self.grammar.reserve("state") for _ in automaton.edges]
        closing: Parts = (literal('"'),) if quoted else EMPTY
        for state, edges in enumerate(automaton.edges):
            alternatives = [
                (term, rules[target]) for chars, target in edges for term in self._spelled(chars, quoted=quoted)
            ]
            ending = [closing] if state in automaton.accepting else []
            self.grammar.define(rules[state], [*alternatives, *ending])
        if not quoted:
            return rules[0]
        return self.grammar.add("string", [(literal('"'), rules[0])])

    def _spelled(self, chars: CharSet, *, quoted: bool) -> list[Term]:
        """A set of characters inside a string: those that JSON escapes, and the rest as a class."""
        raw = charsets.intersect(chars, _RAW)
        terms: list[Term] = [self._class(raw)] if raw else []
        if quoted:
            terms += self._escapes(charsets.intersect(chars, _ESCAPED))
        return terms

    def _escapes(self, chars: CharSet) -> list[Term]:
        """The escape sequences of `chars`; all control characters together need one rule only."""
        terms: list[Term] = []
        if charsets.intersect(chars, _CONTROLS) == _CONTROLS:
            chars = charsets.subtract(chars, _CONTROLS)
            hexadecimal = char_class(charsets.of("0123456789abcdefABCDEF"))
            numbered: Parts = (literal("u00"), char_class(charsets.of("01")), hexadecimal)
            control = self.grammar.add("control", [(char_class(charsets.of("bfnrt")),), numbered])
            terms.append(self.grammar.add("control", [(literal("\\"), control)]))
        points = [point for low, high in chars for point in range(low, high + 1)]
        return terms + [literal(json.dumps(chr(point))[1:-1]) for point in points]

    def _class(self, chars: CharSet) -> Term:
        term: Terminal = char_class(chars)
        return term if len(term.text) <= _CLASS_TEXT_MAX else self.grammar.add("class", [(term,)])
