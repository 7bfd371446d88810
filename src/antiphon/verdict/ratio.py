"""Whether variants got as many units as their weights say: if not, some are lost, and no verdict counts. Pure.

A Dirichlet mixture around the weights bets against the weights, unit by unit (Lindon and Malek), so it may be looked at
at any time. Weights that change begin a new period, with a bet of its own; the bets multiply, for each period has units
that were in none before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, lgamma, log

from msgspec import Struct

CONCENTRATION = 1_000.0  # units that the mixture is worth: it finds best what shows after a few thousand
ALPHA = 0.01  # an alarm throws away a whole campaign, so it should be rare


class Period(Struct, frozen=True):
    """The units that first came while some weights held, by variant."""

    weights: Mapping[str, float]
    units: Mapping[str, int]


class RatioCheck(Struct, frozen=True):
    """How many units each variant got, how many it should have, and the chance of being as far off at any time."""

    units: dict[str, int]
    expected: dict[str, float]
    p_value: float
    mismatch: bool


def ratio_check(periods: Sequence[Period]) -> RatioCheck:
    """The check over all periods."""
    units: dict[str, int] = {}
    expected: dict[str, float] = {}
    log_e = 0.0
    for period in periods:
        whole, count = sum(period.weights.values()), sum(period.units.values())
        for name, weight in period.weights.items():
            units[name] = units.get(name, 0) + period.units.get(name, 0)
            expected[name] = expected.get(name, 0.0) + (count * weight / whole if whole else 0.0)
        log_e += _log_e(period)
    p_value = exp(-max(0.0, log_e))
    return RatioCheck(units, expected, p_value, p_value <= ALPHA)


def _log_e(period: Period) -> float:
    """The evidence against the weights; units of a variant that has no weight in its period are left out."""
    weights = {name: weight for name, weight in period.weights.items() if weight > 0}
    whole = sum(weights.values())
    counts = {name: period.units.get(name, 0) for name in weights}
    n = sum(counts.values())
    found = lgamma(CONCENTRATION) - lgamma(CONCENTRATION + n)
    for name, weight in weights.items():
        share, count = weight / whole, counts[name]
        found += lgamma(CONCENTRATION * share + count) - lgamma(CONCENTRATION * share) - count * log(share)
    return found
