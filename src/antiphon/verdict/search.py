"""Searches along one number: the lowest place of a function, and where one that rises crosses a bar. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable

GOLDEN = (math.sqrt(5) - 1) / 2
STEPS = 34  # leave 8e-8 of the range
HALVINGS = 28


def lowest(function: Callable[[float], float], low: float, high: float) -> float:
    """The least value between two places of a function that falls up to some place and rises from there."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(STEPS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = function(right)
    return min(at_left, at_right)


def crossing(function: Callable[[float], float], inside: float, outside: float, bar: float) -> float:
    """Where a function that is below the bar at `inside` reaches it on the way to `outside`, else `outside`."""
    if function(outside) < bar:
        return outside
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        if function(middle) < bar:
            inside = middle
        else:
            outside = middle
    return outside


def log_mean_exp(logs: list[float]) -> float:
    """The logarithm of the mean of numbers whose logarithms are given."""
    most = max(logs)
    if math.isinf(most):
        return most
    return most + math.log(sum(math.exp(one - most) for one in logs) / len(logs))
