"""What is thought of a node, and how much work it gets for that. Pure.

A check that fails costs more than one that passes gains, and both fade, so that what a node did last week counts half
of what it does now. A node of which nothing is known yet is trusted; its first failures weigh the more.
"""

from __future__ import annotations

import math

from msgspec import Struct

HALF_LIFE_S = 7 * 86_400.0
PRIOR = 4.0  # checks that a new node's beginning is worth
FAILURE_COSTS = 4.0
FACTOR_MIN = 0.05  # of the work that it would get; nothing only when it is in quarantine


class Reputation(Struct, frozen=True):
    """Checks passed and failed, as much as is left of them at `at_ms`."""

    passed: float = 0.0
    failed: float = 0.0
    at_ms: int = 0

    def after(self, passed: int, failed: int, at_ms: int) -> Reputation:
        """With so many more checks."""
        left = self.left(at_ms)
        return Reputation(self.passed * left + passed, self.failed * left + failed, max(at_ms, self.at_ms))

    def left(self, now_ms: int) -> float:
        """The part of it that has not faded."""
        return math.exp2(-max(0.0, now_ms - self.at_ms) / (1000 * HALF_LIFE_S))

    def factor(self, now_ms: int) -> float:
        """How much of its work it gets: 1 for a node without failures, less by each, more again as they fade."""
        left = self.left(now_ms)
        good, bad = PRIOR + self.passed * left, FAILURE_COSTS * self.failed * left
        return max(FACTOR_MIN, good / (good + bad))
