"""Streams of values as campaigns have them, made from seeds, looked at after every value or at every so many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import log, log1p
from random import Random

from antiphon.verdict.allocation import shares
from antiphon.verdict.arm import Arm
from antiphon.verdict.bounded import Bounded
from antiphon.verdict.scalar import VALUES_MIN, Scalar

ALPHA = 0.05
BAR = log(1 / ALPHA)
EACH = 20_000  # values of each variant, at most
BOUNDED, SCALAR = Bounded(), Scalar()

Draw = Callable[[Random], float]
Pair = tuple[Arm, Arm]
Found = tuple[str, int]


def truth(chance: float) -> Draw:
    """Draws 1 with that chance, else 0."""
    return lambda random: float(random.random() < chance)


def arms(first: Draw, second: Draw, random: Random, each: int) -> Iterator[Pair]:
    """Both variants after every value, by turns."""
    n, totals, squares = [0, 0], [0.0, 0.0], [0.0, 0.0]
    for number in range(2 * each):
        side = number % 2
        value = (second if side else first)(random)
        n[side] += 1
        totals[side] += value
        squares[side] += value * value
        yield Arm(n[0], totals[0], squares[0]), Arm(n[1], totals[1], squares[1])


def adapted(first: Draw, second: Draw, random: Random, each: int, every: int = 200) -> Iterator[Pair]:
    """The same with shares that follow what was seen, set anew after every so many values."""
    n, totals, share = [0, 0], [0.0, 0.0], 0.5
    for number in range(2 * each):
        side = int(random.random() < share)
        value = (second if side else first)(random)
        n[side] += 1
        totals[side] += value
        pair = Arm(n[0], totals[0], totals[0]), Arm(n[1], totals[1], totals[1])
        if number % every == every - 1:
            share = shares({"first": pair[0], "second": pair[1]}, "higher", 0.1)["second"]
        yield pair


def visited(random: Random, users: int, visits: int) -> Iterator[Pair]:
    """Users that come again and again, each with a quality of its own; a user's value is its mean so far."""
    chances = [random.betavariate(2, 2) for _ in range(users)]
    sides = [random.random() < 0.5 for _ in range(users)]
    hits, counts = [0] * users, [0] * users
    n, totals = [0, 0], [0.0, 0.0]
    for _ in range(visits):
        user = min(int(random.expovariate(4 / users)), users - 1)  # some come often, most hardly ever
        side = int(sides[user])
        before = hits[user] / counts[user] if counts[user] else 0.0
        n[side] += not counts[user]
        counts[user] += 1
        hits[user] += random.random() < chances[user]
        totals[side] += hits[user] / counts[user] - before
        yield Arm(n[0], totals[0], totals[0]), Arm(n[1], totals[1], totals[1])


def found_by_truths(pairs: Iterator[Pair], *, every: int = 1) -> Found | None:
    """Which variant is found to be the better, and by how many values, at the first look that finds one."""
    for number, (first, second) in enumerate(pairs):
        # No mixture explains values better than their own means do, so most looks need no more than that.
        if number % every or not (first.n and second.n) or best_log_ratio(first, second) < BAR:
            continue
        if BOUNDED.log_e(first, second) >= BAR:
            return ("second" if second.mean > first.mean else "first"), first.n + second.n
    return None


def found_by_scalars(pairs: Iterator[Pair]) -> Found | None:
    """The same for values of any size."""
    for first, second in pairs:
        if min(first.n, second.n) < VALUES_MIN:
            continue
        unsure = first.variance / first.n + second.variance / second.n
        if (second.mean - first.mean) ** 2 < 2 * BAR * unsure:
            continue  # a mixture is never as sure as its best part
        if SCALAR.log_e(first, second) >= BAR:
            return ("second" if second.mean > first.mean else "first"), first.n + second.n
    return None


def best_log_ratio(first: Arm, second: Arm) -> float:
    """How much better two means explain truths than the common one does, as a logarithm."""
    common = (first.total + second.total) / (first.n + second.n)
    if not 0 < common < 1:
        return 0.0
    return _divergence(first, common) + _divergence(second, common)


def _divergence(arm: Arm, mean: float) -> float:
    own = arm.mean
    found = arm.total * log(own / mean) if own > 0 else 0.0
    return found + ((arm.n - arm.total) * (log1p(-own) - log1p(-mean)) if own < 1 else 0.0)
