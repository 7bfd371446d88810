"""How old a message is, without trusting that two machines' clocks agree. Pure.

A gateway writes the time of its monotonic clock on what it sends. What differs least from the receiver's own clock was
on its way for the shortest time; anything else is later than that by the difference of the differences.
"""

from __future__ import annotations

import math

PERIOD_S = 600.0  # clocks drift apart by some milliseconds in this time


class Lateness:
    """The messages of one sender; the least difference of this period and the last one counts."""

    def __init__(self) -> None:
        self._least = math.inf
        self._least_before = math.inf
        self._period_ends = -math.inf

    @property
    def known(self) -> bool:
        """Whether there was a message to compare with."""
        return min(self._least, self._least_before) < math.inf

    def of(self, sent_s: float, received_s: float) -> float:
        """By how much a message is later than the quickest one, in seconds; 0 for the first."""
        if received_s >= self._period_ends:
            self._least_before, self._least = self._least, math.inf
            self._period_ends = received_s + PERIOD_S
        difference = received_s - sent_s
        self._least = min(self._least, difference)
        return difference - min(self._least, self._least_before)
