"""Whether a given value keeps a schema: for the literals of `enum` and `const`, and for the proof of disjointness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any  # JSON values

from antiphon.structured.arrays import array_shape
from antiphon.structured.document import Place
from antiphon.structured.kinds import Alternative, Facet, Places, equal, kind_of, kinds_of, value_key
from antiphon.structured.limits import At
from antiphon.structured.numbers import number_range
from antiphon.structured.objects import value_places
from antiphon.structured.strings import Languages, string_shape


class Acceptance:
    """Judges values by the alternatives that `of` finds for a place, so that it agrees with the grammar.

    A `lenient` judge says no only where every validator would; it serves proofs, the other one generation.
    """

    def __init__(
        self, of: Callable[[Places], tuple[Alternative, ...]], languages: Languages, draft: int, *, lenient: bool
    ) -> None:
        self._of = of
        self._lenient = lenient
        self._languages = languages
        self._draft = draft
        self._enums: dict[At, frozenset[str]] = {}
        self._excluded: dict[At, frozenset[str]] = {}

    def fits(self, value: Any, places: Places) -> bool:
        """Whether `value` keeps every one of `places`."""
        return any(self.keeps(value, alternative) for alternative in self._of(places))

    def keeps(self, value: Any, alternative: Alternative) -> bool:
        """Whether `value` keeps every facet."""
        if not alternative:
            return True
        self._languages.budget.spend(4, param=alternative[0].place.param)
        kind = kind_of(value)
        if kind not in kinds_of(alternative) or not all(self._allows(facet.place, value) for facet in alternative):
            return False
        if kind in ("integer", "fraction"):
            return number_range(alternative).accepts(value)
        if kind == "string":
            return self._languages.holds(string_shape(alternative), value, lenient=self._lenient)
        if kind == "array":
            return self._array(value, alternative)
        return kind != "object" or self._object(value, alternative)

    def _allows(self, place: Place, value: Any) -> bool:
        """Whether `enum`, `const` and the values left out allow `value`."""
        if place.has("const") and not equal(place.get("const"), value):
            return False
        if place.has("enum"):
            if place.at not in self._enums:
                self._enums[place.at] = frozenset(value_key(each) for each in place.get("enum"))
            if value_key(value) not in self._enums[place.at]:
                return False
        return not place.exclusion.values or value_key(value) not in self._left_out(place)

    def _left_out(self, place: Place) -> frozenset[str]:
        """The values that a negation leaves out here."""
        if place.at not in self._excluded:
            self._excluded[place.at] = frozenset(map(value_key, place.exclusion.values))
        return self._excluded[place.at]

    def _array(self, value: list[Any], alternative: Alternative) -> bool:
        shape = array_shape(alternative, draft=self._draft)
        if len(value) < shape.low or (shape.high is not None and len(value) > shape.high):
            return False
        if shape.unique and len(set(map(value_key, value))) < len(value):
            return False
        for contained in shape.contained:
            count = sum(self.fits(each, (contained.place,)) for each in value)
            if count < contained.low or (contained.high is not None and count > contained.high):
                return False
        size = len(shape.prefix)
        return all(
            self.fits(each, shape.prefix[index] if index < size else shape.rest) for index, each in enumerate(value)
        )

    def _object(self, value: dict[str, Any], alternative: Alternative) -> bool:
        return all(self._keys(value, facet) for facet in alternative) and all(
            self.fits(each, value_places(alternative, name, self._languages)) for name, each in value.items()
        )

    def _keys(self, value: dict[str, Any], facet: Facet) -> bool:
        """Whether the names and their number are right for one facet."""
        place = facet.place
        count = len(value)
        return (
            all(name in value for name in place.get("required", ()))
            and not any(name in value for name in place.exclusion.names)
            and int(place.get("minProperties", 0)) <= count <= int(place.get("maxProperties", count))
            and (
                not place.has("propertyNames")
                or all(self.fits(name, (place.child("propertyNames"),)) for name in value)
            )
        )
