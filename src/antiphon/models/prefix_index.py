"""Which engines have read the beginning of a prompt before, by its fingerprint. Bounded, the latest kept. Pure."""

from __future__ import annotations

HOLDERS_MAX = 4  # engines to one beginning: those that had it last


class PrefixIndex:
    """At most `size_max` pairs of a beginning and an engine."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._holders: dict[int, tuple[str, ...]] = {}  # the latest last, both the numbers and each one's engines
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def find(self, fingerprint: tuple[int, ...]) -> dict[str, int]:
        """How many numbers of it each engine knows, the longest beginnings first; a few engines are enough."""
        found: dict[str, int] = {}
        holders = self._holders
        for length in range(len(fingerprint), 0, -1):
            for engine in reversed(holders.get(fingerprint[length - 1], ())):
                found.setdefault(engine, length)
            if len(found) >= HOLDERS_MAX:
                break
        return found

    def add(self, fingerprint: tuple[int, ...], engine: str) -> None:
        """The engine is about to read all of it."""
        holders = self._holders
        for number in fingerprint:
            known = holders.pop(number, ())
            if engine in known:
                left = known if known[-1] == engine else (*(each for each in known if each != engine), engine)
            else:
                left = (*known[-HOLDERS_MAX + 1 :], engine)
            holders[number] = left
            self._size += len(left) - len(known)
        while self._size > self._size_max:
            self._size -= len(holders.pop(next(iter(holders))))
