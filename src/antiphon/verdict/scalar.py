"""Values of any size: evidence that holds in the limit, and from `VALUES_MIN` values of each variant is relied on.

Nothing can be said of means of values without known bounds that is exact, so the sums are taken for those of normal
values of the spread that was seen, as in asymptotic confidence sequences (Waudby-Smith et al.): the same bets as of
bounded values, with normal mixtures in place of beta ones, which have a closed form. Pure.
"""

from __future__ import annotations

from math import inf, log, sqrt

from antiphon.verdict.arm import Arm
from antiphon.verdict.bounded import SCALES
from antiphon.verdict.search import crossing, log_mean_exp

VALUES_MIN = 100  # of each variant, below which sums of skewed values are not near enough to normal ones


class Scalar:
    """Evidence on means of values of any size."""

    def log_e(self, first: Arm, second: Arm, effect: float = 0.0) -> float:
        """The logarithm of the evidence against `effect` being how much higher the second mean is."""
        if min(first.n, second.n) < VALUES_MIN:
            return 0.0
        away = second.mean - first.mean - effect
        return _log_e((first, second), _spreads(first, second), away)

    def interval(self, first: Arm, second: Arm, bar: float) -> tuple[float, float]:
        """All effects the evidence against which stays below the bar."""
        if min(first.n, second.n) < VALUES_MIN:
            return -inf, inf
        reach = _reach((first, second), _spreads(first, second), bar)
        seen = second.mean - first.mean
        return seen - reach, seen + reach

    def log_e_of(self, arm: Arm, mean: float) -> float:
        """The logarithm of the evidence against `mean` being the arm's."""
        if arm.n < VALUES_MIN:
            return 0.0
        return _log_e((arm,), (_spread(arm, arm.mean - mean),), arm.mean - mean)

    def log_e_above(self, arm: Arm, limit: float) -> float:
        """The logarithm of the evidence against the arm's mean being `limit` or less."""
        return self.log_e_of(arm, limit) if arm.mean > limit else 0.0

    def interval_of(self, arm: Arm, bar: float) -> tuple[float, float]:
        """All means the evidence against which stays below the bar."""
        if arm.n < VALUES_MIN:
            return -inf, inf
        reach = _reach((arm,), (_spread(arm, 0.0),), bar)
        return arm.mean - reach, arm.mean + reach


def _spreads(first: Arm, second: Arm) -> tuple[float, float]:
    """The variance of each, at least that of both together: where some are rare, a few may look alike by chance."""
    pooled = ((first.n - 1) * first.variance + (second.n - 1) * second.variance) / (first.n + second.n - 2)
    seen = second.mean - first.mean
    return max(_spread(first, seen), pooled), max(_spread(second, seen), pooled)


def _spread(arm: Arm, away: float) -> float:
    """The variance of the arm's values, at least as if one of them had been `away`: alike so far proves little."""
    return max(arm.variance, away * away / arm.n)


def _log_e(arms: tuple[Arm, ...], spreads: tuple[float, ...], away: float) -> float:
    if not any(spreads):
        return inf if away else 0.0
    return log_mean_exp([start + away * away * growth for start, growth in _curves(arms, spreads)])


def _reach(arms: tuple[Arm, ...], spreads: tuple[float, ...], bar: float) -> float:
    """How far from what was seen the evidence reaches the bar."""
    if not any(spreads):
        return 0.0
    far = min(sqrt((bar + log(len(SCALES)) - start) / growth) for start, growth in _curves(arms, spreads))
    return crossing(lambda away: _log_e(arms, spreads, away), 0.0, far, bar)


def _curves(arms: tuple[Arm, ...], spreads: tuple[float, ...]) -> list[tuple[float, float]]:
    """For each scale the evidence where nothing is away, and how it grows with the square of what is.

    The best candidate of a common mean is the one that weighs the two means by how sure each is.
    """
    curves = []
    for scale in SCALES:
        start = sum(log(scale / (arm.n + scale)) for arm in arms) / 2
        unsure = sum(spread * (arm.n + scale) / arm.n**2 for arm, spread in zip(arms, spreads, strict=True))
        curves.append((start, 1 / (2 * unsure)))
    return curves
