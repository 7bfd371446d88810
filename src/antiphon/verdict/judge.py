"""The verdict on a campaign: each metric between each pair of variants, and what follows from the first. Pure.

What decides is one family of comparisons, all pairs of variants by the first metric. By all others each variant is
compared with the first one only, and that is a second family.
Within each, alpha is shared equally (Bonferroni on e-values). It bounds the chance that anything false is ever said,
however often it is looked at; e-BH would bound the part of false findings, and that at a single look only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import isfinite, log
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Better, Comparison, Kind, Tally, compare_means, compare_preferences, evidence
from antiphon.verdict.ratio import Period, RatioCheck, ratio_check

Status = Literal["no_goal", "warming_up", "undecided", "decided", "invalid"]


class Measured(Struct, frozen=True, kw_only=True):
    """A metric with what there is of it: arms by variant, or tallies by pair of variants where it is a preference.

    `source` says where its values come from, for whoever reads of it.
    """

    key: str
    kind: Kind
    better: Better = "higher"
    source: str = ""
    arms: Mapping[str, Arm] = {}
    tallies: Mapping[tuple[str, str], Tally] = {}


class Standing(Struct, frozen=True):
    """One variant by one metric; of a preference, the part of its decided comparisons in which it was preferred."""

    variant: str
    n: int
    mean: float | None
    low: float | None
    high: float | None


class MetricVerdict(Struct, frozen=True):
    """What is known by one metric.

    `winner` is better than every other variant that was compared with it, where it was compared with all; `decides`: it
    is the metric that decides.
    """

    key: str
    kind: Kind
    better: Better
    source: str
    standings: tuple[Standing, ...]
    comparisons: tuple[Comparison, ...]
    winner: str | None = None
    decides: bool = False


class Verdict(Struct, frozen=True):
    """All that is known. `wrong_at_most` bounds the chance that the winner is none, over all looks ever taken."""

    status: Status
    winner: str | None
    wrong_at_most: float
    ratio: RatioCheck
    metrics: tuple[MetricVerdict, ...] = ()


def judge(
    variants: Sequence[str],
    metrics: Sequence[Measured],
    periods: Sequence[Period],
    *,
    alpha: float,
    enough: int,
    dropped: frozenset[str] = frozenset(),
    decides: bool = True,
) -> Verdict:
    """The verdict by what there is now; `enough` values of each variant come before any decision.

    Variants that were `dropped` are compared all the same, but none has to be better than they are. The first metric is
    told like all others where it does not decide.
    """
    pairs = tuple(combinations(variants, 2))
    with_first = pairs[: len(variants) - 1]
    deciding = metrics[: int(decides)]
    first = tuple(_by_metric(metric, variants, pairs, alpha=alpha, tests=len(pairs)) for metric in deciding)
    others = metrics[len(deciding) :]
    rest = tuple(
        _by_metric(metric, variants, with_first, alpha=alpha, tests=len(with_first) * len(others)) for metric in others
    )
    found = tuple(
        replace(one, winner=_winner(one, dropped), decides=place < len(first))
        for place, one in enumerate((*first, *rest))
    )
    return _concluded(found, ratio_check(periods), alpha, enough, dropped)


def _concluded(
    found: tuple[MetricVerdict, ...], ratio: RatioCheck, alpha: float, enough: int, dropped: frozenset[str]
) -> Verdict:
    first = found[0] if found and found[0].decides else None
    if first is None:
        return Verdict("no_goal", None, alpha, ratio, found)
    if min((one.n for one in first.standings if one.variant not in dropped), default=0) < enough:
        return Verdict("warming_up", None, alpha, ratio, found)
    if ratio.mismatch:
        return Verdict("invalid", None, alpha, ratio, found)
    return Verdict("decided" if first.winner else "undecided", first.winner, alpha, ratio, found)


def _by_metric(
    metric: Measured, variants: Sequence[str], pairs: Sequence[tuple[str, str]], *, alpha: float, tests: int
) -> MetricVerdict:
    if metric.kind == "preference":
        comparisons = tuple(
            compare_preferences(pair, metric.tallies.get(pair, Tally()), alpha=alpha, tests=tests) for pair in pairs
        )
        arms = {variant: _preferred(variant, metric.tallies) for variant in variants}
    else:
        arms = {variant: metric.arms.get(variant, Arm()) for variant in variants}
        comparisons = tuple(
            compare_means(pair, (arms[pair[0]], arms[pair[1]]), metric.kind, metric.better, alpha=alpha, tests=tests)
            for pair in pairs
        )
    bar = log(len(variants) / alpha)
    standings = tuple(_standing(variant, arm, metric.kind, bar) for variant, arm in arms.items())
    return MetricVerdict(metric.key, metric.kind, metric.better, metric.source, standings, comparisons)


def _standing(variant: str, arm: Arm, kind: Kind, bar: float) -> Standing:
    if not arm.n:
        return Standing(variant, 0, None, None, None)
    low, high = evidence(kind).interval_of(arm, bar)
    return Standing(variant, arm.n, arm.mean, low if isfinite(low) else None, high if isfinite(high) else None)


def _preferred(variant: str, tallies: Mapping[tuple[str, str], Tally]) -> Arm:
    """The comparisons in which the variant took part, with how many preferred it."""
    won = sum(tally.first if first == variant else tally.second for (first, _), tally in _of(variant, tallies))
    n = sum(tally.first + tally.second for _, tally in _of(variant, tallies))
    return Arm(n, won, won)


def _of(variant: str, tallies: Mapping[tuple[str, str], Tally]) -> list[tuple[tuple[str, str], Tally]]:
    return [(pair, tally) for pair, tally in tallies.items() if variant in pair]


def _winner(metric: MetricVerdict, dropped: frozenset[str]) -> str | None:
    """The variant that is better than each that was not dropped."""
    left = [standing.variant for standing in metric.standings if standing.variant not in dropped]
    beaten = {
        (one.first, one.second) if one.better == "first" else (one.second, one.first)
        for one in metric.comparisons
        if one.better is not None
    }
    return next(
        (one for one in left if len(left) > 1 and all((one, other) in beaten for other in left if other != one)), None
    )
