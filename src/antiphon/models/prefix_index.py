"""Which engines have read the beginning of a prompt before, by its fingerprint. Bounded, the latest kept. Pure.

There are two generations. What is used is in the young one; when that has half of what there may be, it becomes the old
one, and what was old and not used since is forgotten. So what is used often costs one look each time, and no moving.
"""

from __future__ import annotations

HOLDERS_MAX = 4  # engines to one beginning: those that had it last

Generation = dict[int, tuple[str, ...]]  # by a fingerprint's number: its engines, the latest last


class PrefixIndex:
    """At most `size_max` pairs of a beginning and an engine, and at least half as many where they were used lately."""

    def __init__(self, size_max: int) -> None:
        self._half = max(1, size_max // 2)
        self._young: Generation = {}
        self._old: Generation = {}
        self._young_size = 0
        self._old_size = 0

    def __len__(self) -> int:
        return self._young_size + self._old_size

    def find(self, fingerprint: tuple[int, ...]) -> dict[str, int]:
        """How many numbers of it each engine knows, the longest beginnings first; a few engines are enough."""
        found: dict[str, int] = {}
        young, old = self._young, self._old
        for length in range(len(fingerprint), 0, -1):
            number = fingerprint[length - 1]
            for engine in reversed(young.get(number) or old.get(number, ())):
                found.setdefault(engine, length)
            if len(found) >= HOLDERS_MAX:
                break
        return found

    def add(self, fingerprint: tuple[int, ...], engine: str) -> None:
        """The engine is about to read all of it."""
        young, old = self._young, self._old
        for number in fingerprint:
            known = young.get(number, ())
            if known and known[-1] == engine:
                continue
            before = known or old.get(number, ())
            if engine in before:
                before = tuple([each for each in before if each != engine])
            left = (*before[-HOLDERS_MAX + 1 :], engine)
            grown = len(left) - len(known)
            if self._young_size + grown > self._half:
                old = self._old = young
                self._old_size = self._young_size
                young = self._young = {}
                self._young_size, grown = 0, len(left)
            young[number] = left
            self._young_size += grown
