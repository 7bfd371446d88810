"""Finds the first of several stop texts in a text that comes in pieces. Pure.

Each stop text is followed by the automaton of Knuth, Morris and Pratt: a step for each character, nothing read twice.
"""

from __future__ import annotations


class StopMatcher:
    """Of texts that overlap, the one that is complete first counts; of those complete together, the longest.

    Places count characters from the beginning. `certain`: no stop text begins before it. `cut`: where the one that
    was `found` begins; what comes behind it is not looked at.
    """

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = stops
        self._fallbacks = tuple(map(fallbacks, stops))
        self._begun = [0] * len(stops)  # characters of each stop text that the text ends with
        self._length = 0
        self.cut: int | None = None
        self.found: str | None = None

    @property
    def certain(self) -> int:
        """How much of the text can be shown."""
        return self._length - max(self._begun) if self.cut is None else self.cut

    def feed(self, text: str) -> None:
        """Take the next piece."""
        for character in text:
            if self.cut is not None:
                return
            self._length += 1
            self._step(character)

    def _step(self, character: str) -> None:
        found = ""
        for i, stop in enumerate(self._stops):
            begun = self._begun[i]
            while begun and stop[begun] != character:
                begun = self._fallbacks[i][begun - 1]
            begun += stop[begun] == character
            self._begun[i] = begun
            if begun == len(stop):
                found = max(found, stop, key=len)
        if found:
            self.found = found
            self.cut = self._length - len(found)


def fallbacks(stop: str) -> tuple[int, ...]:
    """For each beginning of `stop`, the size of the longest shorter one that it ends with."""
    sizes = [0]
    for character in stop[1:]:
        size = sizes[-1]
        while size and stop[size] != character:
            size = sizes[size - 1]
        sizes.append(size + (stop[size] == character))
    return tuple(sizes)
