"""From a schema's alternatives to grammar rules, one rule for each combination of places that apply together."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any  # JSON values

from antiphon.chat import JSONSchema
from antiphon.structured import automata, charsets
from antiphon.structured.arrays import ITEMS_MAX, ArrayShape, array_shape
from antiphon.structured.automata import Automaton
from antiphon.structured.branches import Branches
from antiphon.structured.containers import Containers
from antiphon.structured.document import Document, Place
from antiphon.structured.emptiness import literals
from antiphon.structured.gbnf import Grammar, Parts, Rule, literal
from antiphon.structured.kinds import Alternative, Places, kind_of, kinds_of, value_key
from antiphon.structured.limits import At
from antiphon.structured.numbers import NumberRange, number_range
from antiphon.structured.numerals import TooFineError, numerals
from antiphon.structured.objects import Extra, ObjectShape, object_shape
from antiphon.structured.scalars import Scalars
from antiphon.structured.strings import LENGTH_MAX, Languages, StringShape, check_lengths, string_shape


class Translation:
    """Turns one document into rules of one grammar. Work is queued, so that depth costs no stack."""

    def __init__(self, grammar: Grammar, schema: JSONSchema, *, param: str) -> None:
        self._grammar = grammar
        self._document = Document(schema, param=param)
        self._languages = Languages(grammar.budget)
        self._branches = Branches(self._document, self._languages)
        self._scalars = Scalars(grammar)
        self._containers = Containers(grammar, self._scalars)
        self._rules: dict[tuple[At, ...], Rule] = {}
        self._alternatives: dict[tuple[At, ...], Rule] = {}
        self._shared: dict[Hashable, Rule] = {}  # of numbers and strings with the same constraints
        self._queue: list[tuple[Rule, Alternative]] = []

    def root(self, *, objects_only: bool = False) -> Rule:
        """The rule of the whole schema, with all the rules that it needs."""
        place = self._document.root
        places = (place, place.derived("object", {"type": "object"})) if objects_only else (place,)
        root = self._rule(places)
        while self._queue:
            rule, alternative = self._queue.pop()
            self._grammar.define(rule, self._bodies(alternative))
        return root

    def _rule(self, places: Places) -> Rule:
        """The rule of a value that keeps all of `places`."""
        key = tuple(place.at for place in places)
        if key not in self._rules:
            alternatives = self._branches.of(places)
            rules = [self._alternative(each) for each in alternatives]
            single = len(rules) == 1
            self._rules[key] = rules[0] if single else self._grammar.add("any", [(rule,) for rule in rules])
        return self._rules[key]

    def _alternative(self, alternative: Alternative) -> Rule:
        if not alternative:
            return self._scalars.value()
        key = tuple(at for facet in alternative for at in (facet.place.at, *facet.above))
        if key not in self._alternatives:
            self._alternatives[key] = self._grammar.reserve("schema")
            self._queue.append((self._alternatives[key], alternative))
        return self._alternatives[key]

    def _bodies(self, alternative: Alternative) -> list[Parts]:
        """What an alternative may be: its literals, or something of each kind that it allows."""
        listed = literals(alternative)
        if listed is not None:
            kept = [value for value in listed if self._branches.acceptance.keeps(value, alternative)]
            return [(self._scalars.literals(kept),)] if kept else []
        kinds = kinds_of(alternative)
        bodies: list[Parts] = []
        if "integer" in kinds or "fraction" in kinds:
            bodies.append((self._number(alternative, whole="integer" in kinds, fractional="fraction" in kinds),))
        if "null" in kinds and self._branches.acceptance.keeps(None, alternative):
            bodies.append((literal("null"),))
        if "boolean" in kinds:
            values = [each for each in (True, False) if self._branches.acceptance.keeps(each, alternative)]
            bodies.append((self._scalars.literals(values),))
        if "string" in kinds:
            bodies.append((self._string(alternative),))
        if "object" in kinds:
            bodies.append((self._object(alternative),))
        if "array" in kinds:
            bodies.append((self._array(alternative),))
        return bodies

    def _number(self, alternative: Alternative, *, whole: bool, fractional: bool) -> Rule:
        limits = number_range(alternative)
        if limits.free and whole:
            return self._scalars.number() if fractional else self._scalars.integer()
        key = (limits.low, limits.high, limits.step, limits.excluded, whole, fractional)
        if key not in self._shared:
            try:
                automaton = numerals(limits, whole=whole, fractional=fractional, budget=self._grammar.budget)
            except TooFineError as error:
                raise _speaking(alternative, str(error)).refuse(str(error), _too_fine(limits)) from error
            self._shared[key] = self._scalars.automaton(automaton, quoted=False)
        return self._shared[key]

    def _string(self, alternative: Alternative) -> Rule:
        shape = string_shape(alternative)
        check_lengths(shape, _speaking(alternative, "minLength"))
        if shape.empty:
            return self._scalars.literals([])
        key = (shape.low, shape.high, shape.excluded, *((each.pattern, each.found) for each in shape.wanted))
        if key not in self._shared:
            texts = self._languages.texts(shape)
            high = None if shape.high is None else min(shape.high, LENGTH_MAX)
            self._shared[key] = (
                self._scalars.string(shape.low, high) if texts is None else self._scalars.automaton(texts, quoted=True)
            )
        return self._shared[key]

    def _object(self, alternative: Alternative) -> Rule:
        _refuse_containers_left_out(alternative, "object")
        acceptance = self._branches.acceptance
        shape = object_shape(alternative, self._languages, acceptance.fits)
        if shape.required & shape.absent:
            return self._scalars.literals([])
        members = [
            self._containers.member(name, self._rule(places), required=name in shape.required)
            for name, places in shape.properties.items()
        ]
        extras = [rule for extra in shape.extras for rule in self._extra(shape, extra)]
        extra = self._grammar.add("extra", [(rule,) for rule in extras]) if extras else None
        return self._containers.object(members, extra, shape.low, shape.high)

    def _extra(self, shape: ObjectShape, extra: Extra) -> list[Rule]:
        """Rules for a property under a key that no named property has."""
        value = self._rule(extra.values)
        rules = []
        for alternative in self._branches.of(shape.key_rules):
            key = self._key(shape, extra, alternative)
            rules.append(self._grammar.add("member", [(key, *self._scalars.colon(), value)]))
        return rules

    def _key(self, shape: ObjectShape, extra: Extra, alternative: Alternative) -> Rule:
        """The string of a key that keeps `propertyNames` and the patterns, and is none of the named ones."""
        listed = literals(alternative)
        taken = {*shape.properties, *shape.absent}
        if listed is not None:
            names = [
                name for name in listed
                if isinstance(name, str) and name not in taken
                and self._branches.acceptance.keeps(name, alternative)
                and self._languages.holds(StringShape(wanted=extra.wanted), name)
            ]  # fmt: skip
            return self._scalars.literals(names)
        if alternative and "string" not in kinds_of(alternative):
            return self._scalars.literals([])
        rule = string_shape(alternative)
        wanted = StringShape(
            low=rule.low, high=rule.high, wanted=rule.wanted + extra.wanted, excluded=(*rule.excluded, *sorted(taken))
        )
        texts = None if wanted.empty else self._languages.texts(wanted)
        if texts is None:
            high = None if wanted.high is None else min(wanted.high, LENGTH_MAX)
            return self._scalars.literals([]) if wanted.empty else self._scalars.string(wanted.low, high)
        if len(extra.wanted) > 0:
            texts = self._printable(texts)
        return self._scalars.automaton(texts, quoted=True)

    def _printable(self, texts: Automaton) -> Automaton:
        """Only keys of plain characters, where all regex dialects agree on which patterns match."""
        plain = Automaton(edges=(((charsets.PRINTABLE, 0),),), accepting=frozenset((0,)))
        return automata.intersect(texts, plain, budget=self._grammar.budget, param=self._document.param)

    def _array(self, alternative: Alternative) -> Rule:
        _refuse_containers_left_out(alternative, "array")
        shape = array_shape(alternative, draft=self._document.draft)
        if shape.empty:
            return self._scalars.literals([])
        high = shape.high
        if high is not None and high > ITEMS_MAX:
            high = max(ITEMS_MAX, shape.low)
        if shape.low > ITEMS_MAX:
            raise _speaking(alternative, "minItems").refuse("minItems", f"must be at most {ITEMS_MAX}.")
        if shape.unique and (high is None or high > 1):
            return self._unique(shape, high)
        items, rest, low, high = self._items(shape, high)
        return self._containers.array(
            [self._rule(places) for places in items], None if rest is None else self._rule(rest), low, high
        )

    def _items(self, shape: ArrayShape, high: int | None) -> tuple[list[Places], Places | None, int, int | None]:
        """The places of each item, `contains` spread over the first free positions."""
        items = list(shape.prefix)
        rest: Places = shape.rest
        low = shape.low
        for contained in shape.contained:
            start = len(items) if high is None else max(0, min(len(items), high - contained.low))
            items += [rest] * (start + contained.low - len(items))
            for index, places in enumerate(items):
                if start <= index < start + contained.low:
                    items[index] = (*places, contained.place)
            low = max(low, start + contained.low if contained.low else 0)
            if contained.high is not None:
                barred = contained.place.derived("none", {"not": contained.place.schema})
                rest = (*rest, barred)
                for index, places in enumerate(items):
                    if not start <= index < start + contained.low:
                        items[index] = (*places, barred)
        # A tuple is written without further items unless a schema for them is given.
        closed = not shape.rest and shape.prefix and low <= len(items)
        return items, None if closed else rest, low, high

    def _unique(self, shape: ArrayShape, high: int | None) -> Rule:
        """Distinct items: only where the items are a list of known values."""
        if shape.prefix or shape.contained:
            raise shape.place.refuse("uniqueItems", "is supported beside `items` only.")
        values = self._values(shape.rest)
        if values is None:
            why = "is supported where items are `enum`, `const`, booleans or null, or where `maxItems` is at most 1."
            raise shape.place.refuse("uniqueItems", why)
        return self._containers.choice([self._scalars.literals([value]) for value in values], shape.low, high)

    def _values(self, places: Places) -> list[Any] | None:
        """All values that keep `places`, None if they are not a short list."""
        found: dict[str, Any] = {}
        for alternative in self._branches.of(places):
            listed = literals(alternative)
            if listed is None:
                kinds = kinds_of(alternative)
                if not alternative or not {"null", "boolean"}.issuperset(kinds):
                    return None
                listed = [None, True, False]
            kept = [value for value in listed if self._branches.acceptance.keeps(value, alternative)]
            found |= {value_key(value): value for value in kept}
        return list(found.values())


def _speaking(alternative: Alternative, keyword: str) -> Place:
    """The place to point at for `keyword`."""
    return next((facet.place for facet in alternative if facet.place.has(keyword)), alternative[0].place)


def _too_fine(limits: NumberRange) -> str:
    return (
        f"asks for numerals that are too long to be written (step {limits.step})."
        if limits.step
        else ("asks for numerals of more than 18 digits.")
    )


def _refuse_containers_left_out(alternative: Alternative, kind: str) -> None:
    """Single objects and arrays cannot be left out of a grammar."""
    for facet in alternative:
        if any(kind_of(value) == kind for value in facet.place.exclusion.values):
            raise facet.place.refuse("not", f"cannot leave out a single {kind}.")
