"""What is known of one variant by one metric: how many values there are, their sum and the sum of their squares. Pure.

No other fact of the values is needed to judge, so a database sums them and nobody carries them about.
"""

from __future__ import annotations

from msgspec import Struct


class Arm(Struct, frozen=True):
    """`n` values; each is of one unit of assignment, so that they are independent of each other."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    @property
    def mean(self) -> float:
        """The mean of the values, 0 without any."""
        return self.total / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """The variance of the values, without bias; 0 below two values."""
        if self.n < 2:
            return 0.0
        return max(0.0, self.squares - self.total * self.mean) / (self.n - 1)

    def plus(self, other: Arm) -> Arm:
        """These values and others."""
        return Arm(self.n + other.n, self.total + other.total, self.squares + other.squares)

    def times(self, factor: float) -> Arm:
        """The same with more values of the same mean and spread."""
        return Arm(round(self.n * factor), self.total * factor, self.squares * factor)
