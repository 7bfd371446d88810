"""Objects and arrays as grammar rules: members in a fixed order, commas where they belong, counts kept."""

from __future__ import annotations

import json

from msgspec import Struct

from antiphon.structured.gbnf import EMPTY, Grammar, Parts, Rule, literal
from antiphon.structured.scalars import Scalars


class Member(Struct, frozen=True):
    """One named property: its key with its value, and whether it must be there."""

    parts: Parts
    required: bool


class Containers:
    """Builds the rules of single objects and arrays."""

    def __init__(self, grammar: Grammar, scalars: Scalars) -> None:
        self._grammar = grammar
        self._scalars = scalars

    def member(self, name: str, value: Rule, *, required: bool) -> Member:
        """The property `name` with a value out of `value`."""
        key = literal(json.dumps(name, ensure_ascii=False))
        return Member((key, *self._scalars.colon(), value), required)

    def object(self, members: list[Member], extra: Rule | None, low: int, high: int | None) -> Rule:
        """An object of `members` in their order, then others out of `extra`; `low` to `high` in all.

        Two extra properties may have the same name, so only the first of them counts towards `low`.
        """
        needed = sum(member.required for member in members)
        low = 0 if low <= needed else low
        high = None if high is not None and extra is None and high >= len(members) else high
        writer = _Members(self._grammar, self._scalars, members, extra, low, high)
        return self._grammar.add("object", [(literal("{"), self._scalars.space(), writer.rule(0, 0))])

    def array(self, items: list[Rule], rest: Rule | None, low: int, high: int | None) -> Rule:
        """An array of `items` in their order, then others out of `rest`; `low` to `high` in all."""
        if rest is None or (high is not None and high <= len(items)):
            high = min(len(items), len(items) if high is None else high)
            rest = None
        if high is not None and low > high:
            return self._grammar.add("array", [])
        writer = _Items(self._grammar, self._scalars, items[:high], rest, low, high)
        return self._grammar.add("array", [(literal("["), self._scalars.space(), writer.rule(0))])

    def choice(self, items: list[Rule], low: int, high: int | None) -> Rule:
        """An array of distinct `items`, each at most once and in their order."""
        members = [Member((item,), required=False) for item in items]
        high = None if high is not None and high >= len(items) else high
        writer = _Members(self._grammar, self._scalars, members, None, low, high, closing="]")
        return self._grammar.add("array", [(literal("["), self._scalars.space(), writer.rule(0, 0))])


class _Members:
    """What follows after `count` members, the next candidate being number `index`."""

    def __init__(
        self,
        grammar: Grammar,
        scalars: Scalars,
        members: list[Member],
        extra: Rule | None,
        low: int,
        high: int | None,
        closing: str = "}",
    ) -> None:
        self._grammar = grammar
        self._scalars = scalars
        self._members = members
        self._extra = extra
        self._low = low
        self._high = high
        self._closing = closing
        self._rules: dict[tuple[int, int], Rule] = {}

    def rule(self, index: int, count: int) -> Rule:
        """The rest of the object, its closing bracket included; built from the last member backwards."""
        for later in range(len(self._members), index - 1, -1):
            for held in range(self._counts(later), -1, -1):
                if (later, held) not in self._rules:
                    self._rules[later, held] = self._grammar.add("members", self._alternatives(later, held))
        return self._rules[index, self._counted(count)]

    def _counts(self, index: int) -> int:
        """The largest count that is told apart from larger ones at `index`."""
        return min(index, self._counted(index))

    def _counted(self, count: int) -> int:
        """`count`, as far as it matters: whether a comma is due, and how far the limits are."""
        return min(count, max(1, self._low)) if self._high is None else min(count, self._high + 1)

    def _alternatives(self, index: int, count: int) -> list[Parts]:
        if index == len(self._members):
            return self._ending(count)
        member = self._members[index]
        alternatives: list[Parts] = []
        if self._high is None or count < self._high:
            following = self._rules[index + 1, self._counted(count + 1)]
            alternatives.append((*self._separator(count), *member.parts, following))
        if not member.required:
            alternatives.append((self._rules[index + 1, count],))
        return alternatives

    def _separator(self, count: int) -> Parts:
        return self._scalars.comma() if count else EMPTY

    def _ending(self, count: int) -> list[Parts]:
        """Extra properties, then the bracket."""
        closing: Parts = ((self._scalars.space(),) if count else EMPTY) + (literal(self._closing),)
        alternatives = [closing] if count >= self._low else []
        room = None if self._high is None else self._high - count
        if self._extra is None or (room is not None and room < 1) or count + 1 < self._low:
            return alternatives
        more = (*self._scalars.comma(), self._extra)
        others = self._grammar.repeat("extra", more, 0, None if room is None else room - 1)
        return [
            (*self._separator(count), self._extra, *others, self._scalars.space(), literal(self._closing)),
            *alternatives,
        ]


class _Items:
    """What follows after `index` items."""

    def __init__(
        self, grammar: Grammar, scalars: Scalars, items: list[Rule], rest: Rule | None, low: int, high: int | None
    ) -> None:
        self._grammar = grammar
        self._scalars = scalars
        self._items = items
        self._rest = rest
        self._low = low
        self._high = high

    def rule(self, index: int) -> Rule:
        """The rest of the array, its closing bracket included; built from the last item backwards."""
        following = self._grammar.add("items", self._ending())
        for number in range(len(self._items) - 1, index - 1, -1):
            alternatives: list[Parts] = [(*self._separator(number), self._items[number], following)]
            if number >= self._low:
                alternatives.append(self._closing(number))
            following = self._grammar.add("items", alternatives)
        return following

    def _separator(self, number: int) -> Parts:
        return self._scalars.comma() if number else EMPTY

    def _closing(self, number: int) -> Parts:
        return ((self._scalars.space(),) if number else EMPTY) + (literal("]"),)

    def _ending(self) -> list[Parts]:
        """Items behind the fixed ones, then the bracket."""
        held = len(self._items)
        if self._rest is None:
            return [self._closing(held)]
        low, high = max(0, self._low - held), None if self._high is None else self._high - held
        more = (*self._scalars.comma(), self._rest)
        if held:
            return [(*self._grammar.repeat("item", more, low, high), *self._closing(held))]
        first = (self._rest, *self._grammar.repeat("item", more, max(0, low - 1), None if high is None else high - 1))
        return [(*first, *self._closing(1)), *([self._closing(0)] if low == 0 else [])]
