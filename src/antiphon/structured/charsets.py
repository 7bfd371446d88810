"""Sets of code points as sorted, disjoint, inclusive ranges. Surrogates are in no set: JSON text cannot hold them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

CharSet = tuple[tuple[int, int], ...]

NOTHING: CharSet = ()
EVERYTHING: CharSet = ((0, 0xD7FF), (0xE000, 0x10FFFF))
PRINTABLE: CharSet = ((0x20, 0x7E),)
DIGITS: CharSet = ((0x30, 0x39),)


def of(text: str) -> CharSet:
    """The set of the characters of `text`."""
    return union(((ord(char), ord(char)),) for char in text)


def union(sets: Iterable[CharSet]) -> CharSet:
    """All code points that are in any of `sets`."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(span for chars in sets for span in chars):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def intersect(left: CharSet, right: CharSet) -> CharSet:
    """The code points that are in both."""
    shared: list[tuple[int, int]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        low, high = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if low <= high:
            shared.append((low, high))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(shared)


def complement(chars: CharSet) -> CharSet:
    """The code points that are not in `chars`."""
    gaps: list[tuple[int, int]] = []
    start = 0
    for low, high in chars:
        if start < low:
            gaps.append((start, low - 1))
        start = high + 1
    if start <= 0x10FFFF:
        gaps.append((start, 0x10FFFF))
    return intersect(tuple(gaps), EVERYTHING)


def subtract(left: CharSet, right: CharSet) -> CharSet:
    """The code points of `left` that are not in `right`."""
    return intersect(left, complement(right))


def contains(chars: CharSet, point: int) -> bool:
    """Whether the code point is in the set."""
    return any(low <= point <= high for low, high in chars)


def classes(sets: Sequence[CharSet]) -> tuple[CharSet, ...]:
    """The coarsest split of the union of `sets` into parts that each set holds wholly or not at all."""
    borders = sorted({edge for chars in sets for low, high in chars for edge in (low, high + 1)})
    parts: dict[int, list[tuple[int, int]]] = {}
    for low, following in itertools.pairwise(borders):
        members = sum(1 << index for index, chars in enumerate(sets) if contains(chars, low))
        if members:
            parts.setdefault(members, []).append((low, following - 1))
    return tuple(union([tuple(spans)]) for spans in parts.values())
