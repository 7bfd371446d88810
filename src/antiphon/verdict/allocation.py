"""Shares of the traffic for variants, more for those that are more likely the best. Pure.

The evidence of bounded and scalar values does not mind: each of its bets grows only by values of its own variant, and
the share was set before they came. What it takes for granted is that variants do not get better or worse while shares
change; the floor keeps values of all coming, so that a change in all alike is shared by all.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import erf, exp, prod, sqrt

from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Better

POINTS = 400  # of the sum that stands for an integral
REACH = 8.0  # standard errors about each mean
SKEPTICAL = 25.0  # values at the common mean that each variant is thought to have had before


def shares(arms: Mapping[str, Arm], better: Better, floor: float) -> dict[str, float]:
    """Each variant's share: the floor, and of the rest as much as it is likely to be the best."""
    chances = chances_of_best(arms, better)
    rest = max(0.0, 1.0 - floor * len(arms))
    return {name: floor + rest * chance for name, chance in chances.items()}


def chances_of_best(arms: Mapping[str, Arm], better: Better) -> dict[str, float]:
    """How likely each variant is the best, by normal posteriors; all alike before there is anything."""
    n = sum(arm.n for arm in arms.values())
    together = Arm(n, sum(arm.total for arm in arms.values()), sum(arm.squares for arm in arms.values()))
    if not together.variance:
        return dict.fromkeys(arms, 1 / len(arms))
    sign = 1.0 if better == "higher" else -1.0
    beliefs = {
        name: (
            sign * (arm.total + SKEPTICAL * together.mean) / (arm.n + SKEPTICAL),
            sqrt(together.variance / (arm.n + SKEPTICAL)),
        )
        for name, arm in arms.items()
    }
    weights = {name: _is_best(name, beliefs) for name in arms}
    whole = sum(weights.values())
    return {name: weight / whole for name, weight in weights.items()}


def _is_best(name: str, beliefs: Mapping[str, tuple[float, float]]) -> float:
    """The chance that the belief of that name is the highest: over its places, how likely all others lie below."""
    mean, error = beliefs[name]
    others = [belief for other, belief in beliefs.items() if other != name]
    total = 0.0
    for point in range(POINTS):
        away = REACH * (2 * (point + 0.5) / POINTS - 1)
        place = mean + error * away
        total += exp(-away * away / 2) * prod(
            (1 + erf((place - other) / (spread * sqrt(2)))) / 2 for other, spread in others
        )
    return total
