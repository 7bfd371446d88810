"""Values between 0 and 1, truths above all: exact evidence, at any number of values and however often it is looked at.

For every candidate of the true mean stands one bet: a beta mixture around the candidate against the candidate itself.
Under the truth such a bet is a martingale, for values between 0 and 1 one that falls (the likelihood ratio is convex in
the value), whichever variant the next value is of. So it exceeds 1/alpha at any time with a chance of at most alpha
(Ville). The null "both means are the same" is as credible as its best candidate: the evidence is the least of the bets.
The mixture follows the candidate, so nothing is lost on what the common mean is. Pure.
"""

from __future__ import annotations

from math import exp, lgamma, log, log1p

from antiphon.verdict.arm import Arm
from antiphon.verdict.search import crossing, log_mean_exp, lowest

# How many values the mixture is worth. Each finds effects best that show after about six times as many values; the
# mean of the three costs at most log 3 against the best of them.
SCALES = (30.0, 300.0, 3000.0)
EDGE = 1e-9  # how near to 0 and 1 candidates come
LOGIT_MAX = -log(EDGE)


class Bounded:
    """Evidence on means of values between 0 and 1."""

    def log_e(self, first: Arm, second: Arm, effect: float = 0.0) -> float:
        """The logarithm of the evidence against `effect` being how much higher the second mean is."""
        if not first.n or not second.n:
            return 0.0
        low, high = max(0.0, -effect) + EDGE, min(1.0, 1.0 - effect) - EDGE
        if low >= high:
            low = high = (max(0.0, -effect) + min(1.0, 1.0 - effect)) / 2

        def against(logit: float) -> float:
            mean = low + (high - low) / (1 + exp(-logit))
            return log_mean_exp([_bet(first, mean, scale) + _bet(second, mean + effect, scale) for scale in SCALES])

        return lowest(against, -LOGIT_MAX, LOGIT_MAX)

    def interval(self, first: Arm, second: Arm, bar: float) -> tuple[float, float]:
        """All effects the evidence against which stays below the bar."""
        if not first.n or not second.n:
            return -1.0, 1.0
        seen = second.mean - first.mean

        def against(effect: float) -> float:
            return self.log_e(first, second, effect)

        return crossing(against, seen, -1.0, bar), crossing(against, seen, 1.0, bar)

    def log_e_of(self, arm: Arm, mean: float) -> float:
        """The logarithm of the evidence against `mean` being the arm's."""
        return log_mean_exp([_bet(arm, mean, scale) for scale in SCALES])

    def log_e_above(self, arm: Arm, limit: float) -> float:
        """The logarithm of the evidence against the arm's mean being `limit` or less."""
        if arm.mean <= limit:
            return 0.0
        if limit < EDGE:
            return self.log_e_of(arm, EDGE)
        return lowest(lambda share: self.log_e_of(arm, limit * share), EDGE, 1.0)

    def interval_of(self, arm: Arm, bar: float) -> tuple[float, float]:
        """All means the evidence against which stays below the bar."""
        if not arm.n:
            return 0.0, 1.0

        def against(mean: float) -> float:
            return self.log_e_of(arm, mean)

        inside = min(max(arm.mean, EDGE), 1 - EDGE)
        return crossing(against, inside, EDGE, bar), crossing(against, inside, 1 - EDGE, bar)


def _bet(arm: Arm, mean: float, scale: float) -> float:
    """The logarithm of how much better a beta mixture around the mean explains the arm than the mean does."""
    mean = min(max(mean, EDGE), 1 - EDGE)
    hits, misses = arm.total, arm.n - arm.total
    a, b = scale * mean, scale * (1 - mean)
    mixed = lgamma(a + hits) - lgamma(a) + lgamma(b + misses) - lgamma(b) - lgamma(scale + arm.n) + lgamma(scale)
    return mixed - hits * log(mean) - misses * log1p(-mean)
