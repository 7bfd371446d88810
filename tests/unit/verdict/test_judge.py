"""Verdicts: when there is one, what it takes for granted, and what it never says."""

from __future__ import annotations

import pytest

from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Tally
from antiphon.verdict.judge import Measured, Verdict, judge
from antiphon.verdict.ratio import Period

AB = ("a", "b")
EVEN = [Period({"a": 1.0, "b": 1.0}, {"a": 4_000, "b": 4_010})]
BETTER = {"a": Arm(4_000, 2_000, 2_000), "b": Arm(4_000, 2_240, 2_240)}
SAME = {"a": Arm(4_000, 2_000, 2_000), "b": Arm(4_000, 2_010, 2_010)}


def verdict(*metrics: Measured, periods: list[Period] = EVEN, enough: int = 100) -> Verdict:
    """Of two variants."""
    return judge(AB, metrics, periods, alpha=0.05, enough=enough)


def test_a_clear_difference_decides() -> None:
    """The winner is named, with what each variant has and an interval around it."""
    found = verdict(Measured(key="liked", kind="bounded", arms=BETTER))
    assert (found.status, found.winner, found.wrong_at_most) == ("decided", "b", 0.05)
    (metric,) = found.metrics
    assert (metric.key, metric.decides, metric.winner) == ("liked", True, "b")
    for standing in metric.standings:
        assert standing.low is not None
        assert standing.mean is not None
        assert standing.high is not None
        assert standing.low < standing.mean < standing.high


def test_no_difference_is_undecided() -> None:
    """Nobody is named."""
    found = verdict(Measured(key="liked", kind="bounded", arms=SAME))
    assert (found.status, found.winner) == ("undecided", None)


def test_too_little_is_warming_up() -> None:
    """No values, or too few of one variant."""
    assert verdict(Measured(key="liked", kind="bounded")).status == "warming_up"
    assert verdict(Measured(key="liked", kind="bounded", arms=BETTER), enough=4_001).status == "warming_up"


def test_without_a_goal_nothing_is_decided() -> None:
    """Whether there is no metric, or none that decides."""
    assert verdict().status == "no_goal"
    metric = Measured(key="liked", kind="bounded", arms=BETTER)
    found = judge(AB, [metric], EVEN, alpha=0.05, enough=100, decides=False)
    assert (found.status, found.winner, found.metrics[0].decides) == ("no_goal", None, False)
    assert found.metrics[0].comparisons[0].better == "second"


def test_units_that_are_lost_make_it_invalid() -> None:
    """A difference between variants that did not get what they should is none."""
    lost = [Period({"a": 1.0, "b": 1.0}, {"a": 5_200, "b": 4_200})]
    found = verdict(Measured(key="liked", kind="bounded", arms=BETTER), periods=lost)
    assert (found.status, found.winner, found.ratio.mismatch) == ("invalid", None, True)


def test_only_the_first_metric_decides() -> None:
    """The others are told with the evidence that many looks need."""
    liked, quick = Measured(key="liked", kind="bounded", arms=SAME), Measured(key="quick", kind="bounded", arms=BETTER)
    found = verdict(liked, quick)
    assert found.winner is None
    assert found.metrics[1].winner == "b"
    crowd = verdict(liked, *[quick] * 3)
    alone, among = found.metrics[1].comparisons[0], crowd.metrics[1].comparisons[0]
    assert among.p_value == pytest.approx(3 * alone.p_value)


def test_a_winner_is_better_than_all() -> None:
    """Two of three that are better than the third are no winners, until the others are dropped."""
    arms = {**BETTER, "c": Arm(4_000, 2_245, 2_245)}
    metric = Measured(key="liked", kind="bounded", arms=arms)
    periods = [Period({"a": 1.0, "b": 1.0, "c": 1.0}, {"a": 4_000, "b": 4_000, "c": 4_000})]
    assert judge(("a", "b", "c"), [metric], periods, alpha=0.05, enough=100).winner is None
    left = judge(("a", "b", "c"), [metric], periods, alpha=0.05, enough=100, dropped=frozenset("b"))
    assert left.winner == "c"


def test_preferences_decide_as_well() -> None:
    """Each variant stands with the part of its comparisons that preferred it."""
    tallies = {("a", "b"): Tally(first=60, second=160, ties=10)}
    found = verdict(Measured(key="prefers", kind="preference", tallies=tallies))
    assert (found.status, found.winner) == ("decided", "b")
    a, b = found.metrics[0].standings
    assert (a.n, b.n, b.mean) == (220, 220, 160 / 220)
