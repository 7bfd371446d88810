"""Splits a schema into alternatives: `$ref`, `allOf`, `anyOf`, `oneOf`, `not`, `if` and dependencies resolved.

What is left in each alternative are facets, whose keywords speak of the value's type, size and parts only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any  # keyword values, checked by `keywords`

from msgspec import Struct

from antiphon.errors import BadRequest
from antiphon.structured.accepts import Acceptance
from antiphon.structured.document import Document, Exclusion, Place
from antiphon.structured.emptiness import Emptiness
from antiphon.structured.kinds import Alternative, Facet, Places, kinds_of, value_key
from antiphon.structured.limits import At
from antiphon.structured.negation import negated
from antiphon.structured.strings import Languages

ALTERNATIVES_MAX = 512
_CHAIN_MAX = 64  # references that lead to one another on the same value
_PROOF_DEPTH_MAX = 3  # of `oneOf` inside the proof for another `oneOf`

_DYNAMIC = ("$dynamicRef", "$recursiveRef")


class _Way(Struct, frozen=True):
    """How a place was reached on the same value: all places passed, and those since the last negation."""

    passed: tuple[At, ...] = ()
    scope: tuple[At, ...] = ()

    def inverted(self) -> _Way:
        """The way into a negation."""
        return _Way(passed=self.passed)


class Branches:
    """The alternatives of places of one document."""

    def __init__(self, document: Document, languages: Languages) -> None:
        self.document = document
        self.acceptance = Acceptance(self.of, languages, document.draft, lenient=False)
        lenient = Acceptance(self.of, languages, document.draft, lenient=True)
        self._emptiness = Emptiness(self.of, lenient, languages, document.draft)
        self._budget = languages.budget
        self._known: dict[tuple[At, ...], tuple[Alternative, ...]] = {}
        self._proof_depth = 0

    def of(self, places: Places) -> tuple[Alternative, ...]:
        """The alternatives of a value that must keep all of `places`."""
        key = tuple(place.at for place in places)
        if key in self._known:
            return self._known[key]
        result: list[Alternative] = [()]
        for place in places:
            result = self._product(result, self._expand(place, _Way()), place)
        if not self._proof_depth:
            self._known[key] = tuple(result)
        return tuple(result)

    def _expand(self, place: Place, way: _Way) -> list[Alternative]:
        """The alternatives of one place; `way` led to it on the same value."""
        if isinstance(place.schema, bool):
            return [()] if place.schema else []
        if place.at in way.passed or len(way.passed) > _CHAIN_MAX:
            raise BadRequest(f"{place.param} refers to itself without describing anything.", param=place.param)
        self._budget.spend(8, param=place.param)
        way = _Way(passed=(*way.passed, place.at), scope=(*way.scope, place.at))
        result: list[Alternative] = [(Facet(place, way.scope),)]
        if place.has("$ref"):
            target = self._expand(self.document.resolve(place), way)
            if self.document.draft <= 7:
                return target  # keywords beside `$ref` did not count before 2019
            result = self._product(result, target, place)
        for keyword, value in place.schema.items():
            if keyword in _DYNAMIC:
                raise place.refuse(keyword, "is not supported; use `$ref`.")
            for options in self._applied(place, keyword, value, way):
                result = self._product(result, options, place)
        return result

    def _applied(self, place: Place, keyword: str, value: Any, way: _Way) -> Iterable[list[Alternative]]:
        """For each demand of `keyword`, the alternatives that meet it."""
        if keyword == "allOf":
            yield from (self._expand(place.child(keyword, index), way) for index in range(len(value)))
        elif keyword == "anyOf":
            yield self._union((place.child(keyword, index) for index in range(len(value))), way)
        elif keyword == "oneOf":
            yield self._one_of(place, way)
        elif keyword == "not":
            yield self._union(negated(place.child("not"), self.document), way.inverted())
        elif keyword == "if":
            yield self._conditional(place, way)
        elif keyword in ("dependentRequired", "dependentSchemas", "dependencies"):
            yield from (self._dependent(place, keyword, name, way) for name in value)

    def _union(self, places: Iterable[Place], way: _Way) -> list[Alternative]:
        return [alternative for place in places for alternative in self._expand(place, way)]

    def _product(self, left: Sequence[Alternative], right: Sequence[Alternative], place: Place) -> list[Alternative]:
        """Every alternative of one side with every one of the other."""
        if len(left) * len(right) > ALTERNATIVES_MAX:
            raise BadRequest(
                f"{place.param} has more than {ALTERNATIVES_MAX} combinations of alternatives.", param=place.param
            )
        self._budget.spend(len(left) * len(right), param=place.param)
        return [_joined(one, other) for one in left for other in right]

    def _conditional(self, place: Place, way: _Way) -> list[Alternative]:
        """`if` and `then`, or not `if` and `else`."""
        condition = place.child("if")
        met = self._expand(condition, way)
        if place.has("then"):
            met = self._product(met, self._expand(place.child("then"), way), place)
        unmet = self._union(negated(condition, self.document), way.inverted())
        if place.has("else"):
            unmet = self._product(unmet, self._expand(place.child("else"), way), place)
        return self._possible(met) + self._possible(unmet)

    def _dependent(self, place: Place, keyword: str, name: str, way: _Way) -> list[Alternative]:
        """Property `name` is absent, or what depends on it holds."""
        wanted = place.get(keyword)[name]
        mark = f"{keyword} {name}"
        absent = place.derived(f"{mark} absent", {}, Exclusion(names=(name,)))
        names = [name, *wanted] if isinstance(wanted, list) else [name]
        present = place.derived(f"{mark} present", {"type": "object", "required": names})
        met = self._expand(present, way)
        if not isinstance(wanted, list):
            met = self._product(met, self._expand(place.child(keyword, name), way), place)
        return self._expand(absent, way) + met

    def _one_of(self, place: Place, way: _Way) -> list[Alternative]:
        """Each branch, with the opposites of those others that might hold as well."""
        branches = [place.child("oneOf", index) for index in range(len(place.get("oneOf")))]
        expanded = [self._expand(branch, way) for branch in branches]
        tags = [_tags(alternatives) for alternatives in expanded]
        result: list[Alternative] = []
        for index, branch in enumerate(branches):
            mine = expanded[index]
            for rival, other in enumerate(branches):
                if rival == index or _told_apart(tags[index], tags[rival]) or self._disjoint(mine, expanded[rival]):
                    continue
                mine = self._possible(self._product(mine, self._opposite(place, branch, other, way), place))
            result += mine
        return result

    def _opposite(self, place: Place, branch: Place, other: Place, way: _Way) -> list[Alternative]:
        """What breaks `other`, without properties that neither `branch` nor `place` speaks of."""
        try:
            opposites = negated(other, self.document)
            spoken_of = {*branch.get("properties", ()), *place.get("properties", ())}
            plain = [each for each in opposites if spoken_of.issuperset(each.get("properties", ()))]
            return self._union(plain or opposites, way.inverted())
        except BadRequest as error:
            why = "has branches that may hold at once; tell them apart by a required `const`, or use `anyOf`."
            raise place.refuse("oneOf", why) from error

    def _disjoint(self, mine: Sequence[Alternative], theirs: Sequence[Alternative]) -> bool:
        """Whether no value can keep an alternative of both sides."""
        if self._proof_depth >= _PROOF_DEPTH_MAX or len(mine) * len(theirs) > ALTERNATIVES_MAX:
            return False
        return not self._possible([_joined(one, other) for one in mine for other in theirs])

    def _possible(self, alternatives: Sequence[Alternative]) -> list[Alternative]:
        """Those that are not plainly contradictory."""
        self._proof_depth += 1
        try:
            return [each for each in alternatives if not self._emptiness.is_empty(each, depth=_PROOF_DEPTH_MAX)]
        except BadRequest:
            if self._budget.left < 0:
                raise
            return list(alternatives)  # what cannot be judged may be possible
        finally:
            self._proof_depth -= 1


def _joined(one: Alternative, other: Alternative) -> Alternative:
    """All facets of both, each once."""
    places = {facet.place.at for facet in one}
    return one + tuple(facet for facet in other if facet.place.at not in places)


def _tags(alternatives: Sequence[Alternative]) -> dict[str, frozenset[str]]:
    """The required properties of which only a few values are allowed, where there is one alternative only."""
    tags: dict[str, frozenset[str]] = {}
    for facet in alternatives[0] if len(alternatives) == 1 else ():
        for name in facet.place.get("required", ()):
            if name in facet.place.get("properties", ()):
                child = facet.place.child("properties", name)
                values = [child.get("const")] if child.has("const") else child.get("enum", ())
                if values:
                    tags[name] = frozenset(map(value_key, values))
    return tags if alternatives and _only_kind(alternatives[0]) == "object" else {}


def _only_kind(alternative: Alternative) -> str:
    """The kind that is left, empty if there are several."""
    kinds = kinds_of(alternative)
    return kinds[0] if len(kinds) == 1 else ""


def _told_apart(mine: dict[str, frozenset[str]], theirs: dict[str, frozenset[str]]) -> bool:
    """Whether some required property has no value in common."""
    return any(name in theirs and values.isdisjoint(theirs[name]) for name, values in mine.items())
