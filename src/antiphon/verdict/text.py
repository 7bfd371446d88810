"""A verdict in plain words, for a terminal. Pure."""

from __future__ import annotations

from antiphon.verdict.compare import Comparison
from antiphon.verdict.judge import MetricVerdict, Standing, Verdict
from antiphon.verdict.ratio import ALPHA, RatioCheck

MEANINGS = {
    "no_goal": "It has no goal, so nothing is decided.",
    "warming_up": "Too few values yet to decide anything.",
    "undecided": "No difference is certain yet.",
    "invalid": "No verdict: the variants did not get what their weights say.",
}


def sentence(verdict: Verdict) -> str:
    """The verdict in one sentence."""
    if verdict.winner is None:
        return MEANINGS[verdict.status] if verdict.status != "decided" else "It is decided."
    metric = verdict.metrics[0]
    mean = next((one.mean for one in metric.standings if one.variant == verdict.winner), None)
    sure = f"wrong with a chance of {verdict.wrong_at_most:.3g} at most"
    return f"{verdict.winner} is the best by {metric.key} ({number(mean)}), {sure}."


def lines(verdict: Verdict) -> list[str]:
    """The whole report: what follows, whether units were lost, and each metric by itself."""
    found = [sentence(verdict), *_ratio(verdict.ratio)]
    for metric in verdict.metrics:
        found += ["", *_metric(metric)]
    return found


def number(value: float | None) -> str:
    """A number with as many digits as are worth reading."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def _about(count: int) -> str:
    """Two digits of it: an estimate has no more."""
    return f"{float(f'{count:.2g}'):,.0f}"


def _ratio(ratio: RatioCheck) -> list[str]:
    counts = ", ".join(f"{name} {n:,} of {ratio.expected[name]:,.0f}" for name, n in ratio.units.items())
    found = [f"Units, and how many were to be expected: {counts}."]
    if ratio.mismatch:
        found.append(f"ALARM: such counts come with a chance of {ratio.p_value:.2g} at most, less than {ALPHA:g}.")
    return found


def _metric(metric: MetricVerdict) -> list[str]:
    role = ", decides" if metric.decides else ""
    kind = f"{metric.source}, " if metric.source else ""
    found = [f"{metric.key} ({kind}{metric.better} is better{role})"]
    width = max((len(standing.variant) for standing in metric.standings), default=0)
    found += [_standing(standing, width) for standing in metric.standings]
    found += [_comparison(comparison) for comparison in metric.comparisons]
    return found


def _standing(standing: Standing, width: int) -> str:
    around = f"({number(standing.low)} to {number(standing.high)})"
    return f"  {standing.variant:<{width}}  {standing.n:>9,}  {number(standing.mean):>9}  {around}"


def _comparison(one: Comparison) -> str:
    effect = f"{one.second} - {one.first}: {one.effect:+.3g} ({number(one.low)} to {number(one.high)})"
    ties = f", {one.tally.ties:,} ties" if one.tally is not None and one.tally.ties else ""
    if one.better is not None:
        better = one.second if one.better == "second" else one.first
        return f"  {effect}: {better} is better, p {one.p_value:.2g}{ties}"
    more = (
        "no number of values would tell" if one.needed is None else f"about {_about(one.needed)} more values would tell"
    )
    return f"  {effect}: not certain, p {one.p_value:.2g}; {more}{ties}"
