"""The kinds of JSON values that are told apart, and equality as JSON has it."""

from __future__ import annotations

from typing import Any  # JSON values

from msgspec import Struct

from antiphon.structured.document import Place
from antiphon.structured.keywords import is_number
from antiphon.structured.limits import At

KINDS = ("null", "boolean", "integer", "fraction", "string", "array", "object")  # fraction: a number, not whole

Places = tuple[Place, ...]  # all of them hold of the same value


class Facet(Struct, frozen=True):
    """What one subschema asserts by itself; `above` are the places that led to it on the same value.

    The list starts anew behind a `not`, because what holds there counts as unevaluated.
    """

    place: Place
    above: tuple[At, ...]


Alternative = tuple[Facet, ...]  # a value is right if every facet of any alternative accepts it


def kinds_of(alternative: Alternative) -> tuple[str, ...]:
    """The kinds that every facet allows."""
    allowed = set(KINDS)
    for facet in alternative:
        allowed &= _facet_kinds(facet.place)
    return tuple(kind for kind in KINDS if kind in allowed)


def kind_of(value: Any) -> str:
    """The kind of a JSON value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if is_number(value):
        return "integer" if isinstance(value, int) or value.is_integer() else "fraction"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def value_key(value: Any) -> str:
    """A text that is the same for equal JSON values, and for no others."""
    return repr(_canonical(value))


def _canonical(value: Any) -> Any:
    """The same JSON value in one form of Python's: whole numbers as int, members sorted."""
    if isinstance(value, list):
        return [_canonical(each) for each in value]
    if isinstance(value, dict):
        return {name: _canonical(value[name]) for name in sorted(value)}
    return int(value) if kind_of(value) == "integer" else value


def equal(left: Any, right: Any) -> bool:
    """Whether two JSON values are the same: 1 is 1.0, but not true."""
    if kind_of(left) != kind_of(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(equal(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[name], right[name]) for name in left)
    return bool(left == right)


def _facet_kinds(place: Place) -> set[str]:
    names = place.get("type", KINDS)
    kinds = {names} if isinstance(names, str) else set(names)
    if "number" in kinds:
        kinds |= {"integer", "fraction"}
    return kinds - place.exclusion.kinds
