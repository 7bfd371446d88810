"""What the facets say about an object, together: which properties, which must be, which others may be."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from antiphon.structured.document import Place
from antiphon.structured.kinds import Alternative, Facet, Places
from antiphon.structured.strings import Languages, Wanted


class Extra(Struct, frozen=True):
    """Properties beyond the named ones: keys in which `wanted` hold, and what their values must be."""

    wanted: tuple[Wanted, ...]
    values: Places


class ObjectShape(Struct, frozen=True):
    """`properties` in the order in which they are written; those in `absent` must not be there."""

    properties: dict[str, Places]
    required: frozenset[str]
    absent: frozenset[str]
    low: int
    high: int | None
    extras: tuple[Extra, ...]
    key_rules: Places  # every `propertyNames`


def object_shape(
    alternative: Alternative, languages: Languages, key_fits: Callable[[str, Places], bool]
) -> ObjectShape:
    """The joint shape; `key_fits` tells whether a key keeps the `propertyNames` it is given.

    Objects are written closed: with the named properties only, unless a schema for others is given
    (`additionalProperties` not false, `patternProperties`) or nothing says which properties there are.
    """
    rules = tuple(f.place.child("propertyNames") for f in alternative if f.place.has("propertyNames"))
    names = _names(alternative)
    absent = {name for facet in alternative for name in facet.place.exclusion.names}
    absent |= {name for name in names if rules and not key_fits(name, rules)}
    required = frozenset(name for facet in alternative for name in facet.place.get("required", ()))
    low = max((int(facet.place.get("minProperties", 0)) for facet in alternative), default=0)
    highs = [int(facet.place.get("maxProperties")) for facet in alternative if facet.place.has("maxProperties")]
    return ObjectShape(
        properties={name: value_places(alternative, name, languages) for name in names if name not in absent},
        required=required,
        absent=frozenset(absent),
        low=low,
        high=min(highs, default=None),
        extras=_extras(alternative, named=bool(names) or any(f.place.has("properties") for f in alternative)),
        key_rules=rules,
    )


def value_places(alternative: Alternative, name: str, languages: Languages) -> Places:
    """Every schema that applies to property `name`."""
    places: list[Place] = []
    for facet in alternative:
        matched = _direct_places(facet, name, languages)
        if not matched and facet.place.has("additionalProperties"):
            matched = [facet.place.child("additionalProperties")]
        places += matched
        if facet.place.has("unevaluatedProperties") and not _evaluated(facet, alternative, name, languages):
            places.append(facet.place.child("unevaluatedProperties"))
    return tuple(places)


def _direct_places(facet: Facet, name: str, languages: Languages) -> list[Place]:
    """The schemas of `properties` and `patternProperties` for `name`."""
    place = facet.place
    places = [place.child("properties", name)] if name in place.get("properties", ()) else []
    return places + [
        place.child("patternProperties", pattern)
        for pattern in place.get("patternProperties", ())
        if languages.search(pattern, place, "patternProperties").accepts(name)
    ]


def _evaluated(facet: Facet, alternative: Alternative, name: str, languages: Languages) -> bool:
    """Whether `facet` or a subschema of it that holds of the same object speaks of property `name`."""
    below = [other for other in alternative if facet.place.at in other.above]
    return any(
        other.place.has("additionalProperties")
        or (other is not facet and other.place.has("unevaluatedProperties"))
        or _direct_places(other, name, languages)
        for other in below
    )


def _names(alternative: Alternative) -> list[str]:
    """All named properties: as declared, then those that are only required."""
    names = {name: None for facet in alternative for name in facet.place.get("properties", ())}
    return list(names | {name: None for facet in alternative for name in facet.place.get("required", ())})


def _extras(alternative: Alternative, *, named: bool) -> tuple[Extra, ...]:
    """The other properties that may be written: one entry for each pattern, one for keys that match none."""
    patterns = {
        pattern: Wanted(pattern, facet.place, "patternProperties")
        for facet in alternative
        for pattern in facet.place.get("patternProperties", ())
    }
    extras: list[Extra] = []
    for pattern in patterns:
        wanted = tuple(
            Wanted(each.pattern, each.place, each.keyword, found=name == pattern) for name, each in patterns.items()
        )
        extras.append(Extra(wanted, _extra_values(alternative, pattern)))
    open_keywords = [
        facet.place.get(keyword)
        for facet in alternative
        for keyword in ("additionalProperties", "unevaluatedProperties")
        if facet.place.has(keyword)
    ]
    if any(value is not False for value in open_keywords) or not (named or open_keywords or patterns):
        none = tuple(Wanted(each.pattern, each.place, each.keyword, found=False) for each in patterns.values())
        extras.append(Extra(none, _extra_values(alternative, None)))
    return tuple(extra for extra in extras if not any(place.schema is False for place in extra.values))


def _extra_values(alternative: Alternative, pattern: str | None) -> Places:
    """What a key that matches `pattern`, and no other pattern, asks of its value."""
    places: list[Place] = []
    for facet in alternative:
        place = facet.place
        if pattern is not None and pattern in place.get("patternProperties", ()):
            places.append(place.child("patternProperties", pattern))
            continue
        if place.has("additionalProperties"):
            places.append(place.child("additionalProperties"))
        below = [other.place for other in alternative if place.at in other.above]
        matched = any(pattern in other.get("patternProperties", ()) for other in below if pattern is not None)
        if place.has("unevaluatedProperties") and not matched:
            places.append(place.child("unevaluatedProperties"))
    return tuple(places)
