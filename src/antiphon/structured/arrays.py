"""What the facets say about an array, together: what stands at each place, and how many there are."""

from __future__ import annotations

from msgspec import Struct

from antiphon.structured.document import Place
from antiphon.structured.kinds import Alternative, Places

ITEMS_MAX = 1000  # a larger `maxItems` is cut to this: shorter arrays are valid too


class Contained(Struct, frozen=True):
    """`contains`: from `low` to `high` items must match `place`."""

    place: Place
    low: int
    high: int | None


class ArrayShape(Struct, frozen=True):
    """`prefix` by position, then `rest` for every further item; `high` None: no limit."""

    prefix: tuple[Places, ...]
    rest: Places
    low: int
    high: int | None
    contained: tuple[Contained, ...]
    unique: bool
    place: Place  # where to point when the array cannot be kept

    @property
    def empty(self) -> bool:
        """Whether the counts alone leave nothing."""
        contradicting = any(each.high is not None and each.high < each.low for each in self.contained)
        return contradicting or (self.high is not None and self.low > self.high)


def array_shape(alternative: Alternative, *, draft: int) -> ArrayShape:
    """The joint shape of the facets; BadRequest for `unevaluatedItems` that says something."""
    facets = [facet.place for facet in alternative]
    size = max((len(_prefix(place, draft)) for place in facets), default=0)
    highs = [int(place.get("maxItems")) for place in facets if place.has("maxItems")]
    for place in facets:
        if place.get("unevaluatedItems", True) not in (True, {}):
            raise place.refuse("unevaluatedItems", "is not supported; use `items` beside `prefixItems`.")
    speaking = [place for place in facets if place.has("uniqueItems", "contains", "minItems", "items")]
    return ArrayShape(
        prefix=tuple(
            tuple(each for place in facets if (each := _at_position(place, index, draft)) is not None)
            for index in range(size)
        ),
        rest=tuple(each for place in facets if (each := _rest(place, draft)) is not None),
        low=max((int(place.get("minItems", 0)) for place in facets), default=0),
        high=min(highs, default=None),
        contained=tuple(_contained(place, draft) for place in facets if place.has("contains")),
        unique=any(place.get("uniqueItems") is True for place in facets),
        place=speaking[0] if speaking else facets[0],
    )


def _contained(place: Place, draft: int) -> Contained:
    """`contains` with its counts, which came with draft 2019."""
    if draft < 2019:
        return Contained(place.child("contains"), 1, None)
    low = int(place.get("minContains", 1))
    if low > ITEMS_MAX:
        raise place.refuse("minContains", f"must be at most {ITEMS_MAX}.")
    return Contained(place.child("contains"), low, int(place.get("maxContains")) if place.has("maxContains") else None)


def _prefix(place: Place, draft: int) -> list[object]:
    """The schemas by position: `prefixItems`, or a list in `items` before 2020."""
    listed = place.get("prefixItems" if draft >= 2020 else "items", [])
    return listed if isinstance(listed, list) else []


def _rest(place: Place, draft: int) -> Place | None:
    """The schema of the items behind the prefix."""
    if draft < 2020 and isinstance(place.get("items"), list):
        return place.child("additionalItems") if place.has("additionalItems") else None
    return place.child("items") if place.has("items") else None


def _at_position(place: Place, index: int, draft: int) -> Place | None:
    if index < len(_prefix(place, draft)):
        return place.child("prefixItems" if draft >= 2020 else "items", index)
    return _rest(place, draft)
