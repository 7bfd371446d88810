"""Two variants by one metric: the effect, its interval, the chance to be wrong, the values still needed. Pure."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, isfinite, log
from typing import Literal, Protocol

from msgspec import Struct

from antiphon.verdict.arm import Arm
from antiphon.verdict.bounded import Bounded
from antiphon.verdict.scalar import Scalar

Kind = Literal["bounded", "scalar", "preference"]
Better = Literal["higher", "lower"]
Side = Literal["first", "second"]

FACTOR_MAX = 1e5  # as many times more values as are thought of


class Evidence(Protocol):
    """What can be said of means, by the kind of their values."""

    def log_e(self, first: Arm, second: Arm, effect: float = 0.0) -> float:
        """The logarithm of the evidence against `effect` being how much higher the second mean is."""
        ...

    def interval(self, first: Arm, second: Arm, bar: float) -> tuple[float, float]:
        """All effects the evidence against which stays below the bar."""
        ...

    def log_e_above(self, arm: Arm, limit: float) -> float:
        """The logarithm of the evidence against the arm's mean being `limit` or less."""
        ...

    def interval_of(self, arm: Arm, bar: float) -> tuple[float, float]:
        """All means the evidence against which stays below the bar."""
        ...


BOUNDED = Bounded()
SCALAR = Scalar()


def evidence(kind: Kind) -> Evidence:
    """What judges values of a kind; which of two was preferred is a truth."""
    return SCALAR if kind == "scalar" else BOUNDED


class Tally(Struct, frozen=True):
    """How often each of two variants was preferred to the other, and how often neither was; of these, both were bad."""

    first: int = 0
    second: int = 0
    ties: int = 0
    ties_bad: int = 0


class Comparison(Struct, frozen=True, kw_only=True):
    """What is known of a pair of variants.

    `effect` is how much higher the second mean is; of preferences, the part that preferred the second, less one half.
    `p_value` bounds the chance that data as telling as these come, at any time, where there is no difference;
    corrected for the number of pairs and metrics that were looked at. `better` is said only when it is at most alpha.
    `needed` is how many more values there must be in all if what was seen is true; `tally` is there for preferences.
    """

    first: str
    second: str
    effect: float
    low: float | None
    high: float | None
    p_value: float
    better: Side | None = None
    needed: int | None = None
    tally: Tally | None = None


def compare_means(
    names: tuple[str, str], arms: tuple[Arm, Arm], kind: Kind, better: Better, *, alpha: float, tests: int
) -> Comparison:
    """The second variant beside the first; `tests` is how many such comparisons share alpha."""
    judge, (first, second) = evidence(kind), arms
    bar = log(tests / alpha)
    log_e = judge.log_e(first, second)
    low, high = judge.interval(first, second, bar)
    effect = second.mean - first.mean
    return Comparison(
        first=names[0],
        second=names[1],
        effect=effect,
        low=_finite(low),
        high=_finite(high),
        p_value=_p_value(log_e, tests),
        better=_side(effect, better) if log_e >= bar else None,
        needed=_needed(lambda factor: judge.log_e(first.times(factor), second.times(factor)), first.n + second.n, bar),
    )


def compare_preferences(names: tuple[str, str], tally: Tally, *, alpha: float, tests: int) -> Comparison:
    """The second variant beside the first, by which of them was preferred; ties tell of neither."""
    n = tally.first + tally.second
    bar, arm = log(tests / alpha), Arm(n, tally.second, tally.second)
    log_e = BOUNDED.log_e_of(arm, 0.5)
    low, high = BOUNDED.interval_of(arm, bar)
    effect = arm.mean - 0.5 if n else 0.0
    return Comparison(
        first=names[0],
        second=names[1],
        effect=effect,
        low=low - 0.5,
        high=high - 0.5,
        p_value=_p_value(log_e, tests),
        better=_side(effect, "higher") if log_e >= bar else None,
        needed=_needed(lambda factor: BOUNDED.log_e_of(arm.times(factor), 0.5), n, bar),
        tally=tally,
    )


def _needed(grown: Callable[[float], float], n: int, bar: float) -> int | None:
    """How many more values like those there are reach the bar; 0 if those do, None if hardly any number would."""
    if not n or grown(FACTOR_MAX) < bar:
        return None
    if grown(1.0) >= bar:
        return 0
    low, high = 0.0, log(FACTOR_MAX)
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if grown(exp(middle)) < bar else (low, middle)
    return max(1, round(n * (exp(high) - 1)))


def _side(effect: float, better: Better) -> Side:
    return "second" if (effect > 0) == (better == "higher") else "first"


def _p_value(log_e: float, tests: int) -> float:
    return 0.0 if log_e == inf else min(1.0, tests * exp(-max(0.0, log_e)))


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None
