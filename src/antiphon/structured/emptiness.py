"""Whether no value can keep an alternative: a proof that may fail, never a wrong yes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any  # JSON values

from antiphon.structured.accepts import Acceptance
from antiphon.structured.arrays import array_shape
from antiphon.structured.kinds import Alternative, Places, kinds_of
from antiphon.structured.numbers import number_range
from antiphon.structured.objects import object_shape
from antiphon.structured.strings import Languages, string_shape


def literals(alternative: Alternative) -> list[Any] | None:
    """The values that `const` or `enum` leaves, not yet held against the rest; None if neither is there."""
    lists = [facet.place.get("enum") for facet in alternative if facet.place.has("enum")]
    lists += [[facet.place.get("const")] for facet in alternative if facet.place.has("const")]
    return min(lists, key=len, default=None)


class Emptiness:
    """Judges alternatives; `of` finds the alternatives of their parts."""

    def __init__(
        self,
        of: Callable[[Places], tuple[Alternative, ...]],
        acceptance: Acceptance,
        languages: Languages,
        draft: int,
    ) -> None:
        self._of = of
        self._acceptance = acceptance
        self._languages = languages
        self._draft = draft

    def is_empty(self, alternative: Alternative, *, depth: int) -> bool:
        """Whether `alternative` surely accepts nothing; parts are looked into `depth` levels down."""
        if not alternative:
            return False
        self._languages.budget.spend(len(alternative), param=alternative[0].place.param)
        listed = literals(alternative)
        if listed is not None:
            return not any(self._acceptance.keeps(value, alternative) for value in listed)
        return all(self._kind_is_empty(kind, alternative, depth) for kind in kinds_of(alternative))

    def _kind_is_empty(self, kind: str, alternative: Alternative, depth: int) -> bool:
        if kind in ("integer", "fraction"):
            return number_range(alternative).empty
        if kind == "string":
            return string_shape(alternative).empty
        if kind == "array":
            shape = array_shape(alternative, draft=self._draft)
            return shape.empty or any(self._impossible(each, depth) for each in shape.prefix[: shape.low])
        return kind == "object" and self._object_is_empty(alternative, depth)

    def _object_is_empty(self, alternative: Alternative, depth: int) -> bool:
        shape = object_shape(alternative, self._languages, self._acceptance.fits)
        return bool(shape.required & shape.absent) or any(
            self._impossible(shape.properties[name], depth) for name in sorted(shape.required)
        )

    def _impossible(self, places: Places, depth: int) -> bool:
        return depth > 0 and all(self.is_empty(each, depth=depth - 1) for each in self._of(places))
