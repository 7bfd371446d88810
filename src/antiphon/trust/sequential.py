"""Wald's sequential probability-ratio test of one kind of check, begun anew whenever it speaks for the node. Pure.

After each check it weighs what a lying node would have made of all checks so far against what an honest one would. That
an honest node ever crosses the bound within `CHECKS` checks has a chance of at most `ERROR`, however the checks fall:
from each beginning the ratio is a martingale (or falls) under honesty, so it crosses `CHECKS / ERROR` with a chance of
at most `ERROR / CHECKS` (Ville), and there are no more than `CHECKS` beginnings.

Ratios are natural logarithms in whole millionths, so that a database sums them exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from msgspec import Struct

MICRO = 1_000_000
CHECKS = 2_000  # of one kind, which one honest node passes through
ERROR = 0.001  # that it is accused by one kind within them; six kinds stay below 1 %
BOUND = round(MICRO * math.log(CHECKS / ERROR))


class SequentialTest(Struct, frozen=True):
    """`honest`: the largest part of its checks that an honest node fails; `lying`: the least that a lying one does."""

    honest: float
    lying: float

    def after(self, ratio: int, *, failed: bool) -> int:
        """The ratio after one more check; it never falls below nothing, so good behaviour is not saved up for later."""
        if failed:
            return ratio + round(MICRO * math.log(self.lying / self.honest))
        return max(0, ratio + round(MICRO * math.log((1 - self.lying) / (1 - self.honest))))

    def fold(self, ratio: int, outcomes: Iterable[bool]) -> int:
        """The ratio after many checks, each failed or not; it stays where it crossed the bound."""
        for failed in outcomes:
            if convicts(ratio):
                return ratio
            ratio = self.after(ratio, failed=failed)
        return ratio


def convicts(ratio: int) -> bool:
    """Whether the node is found to lie."""
    return ratio >= BOUND


def suspicion(ratio: int) -> float:
    """How far a ratio is on its way to the bound, 0 to 1."""
    return min(1.0, max(0, ratio) / BOUND)
