"""Verdicts in words."""

from __future__ import annotations

from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Tally
from antiphon.verdict.judge import Measured, Verdict, judge
from antiphon.verdict.ratio import Period
from antiphon.verdict.text import lines, number, sentence

BETTER = {"a": Arm(4_000, 2_000, 2_000), "b": Arm(4_000, 2_240, 2_240)}


def verdict(*metrics: Measured, units: tuple[int, int] = (4_000, 4_010)) -> Verdict:
    """Of two variants."""
    periods = [Period({"a": 1.0, "b": 1.0}, {"a": units[0], "b": units[1]})]
    return judge(("a", "b"), metrics, periods, alpha=0.05, enough=100)


def test_a_winner_is_named_with_its_doubt() -> None:
    """In one sentence, and with all numbers below it."""
    liked = Measured(key="liked", kind="bounded", arms=BETTER, source="direct")
    prefers = Measured(key="prefers", kind="preference", tallies={("a", "b"): Tally(5, 9, 3)}, source="comparison")
    found = lines(verdict(liked, prefers))
    assert found[0] == "b is the best by liked (0.56), wrong with a chance of 0.05 at most."
    assert found[1] == "Units, and how many were to be expected: a 4,000 of 4,005, b 4,010 of 4,005."
    assert found[3] == "liked (direct, higher is better, decides)"
    assert found[6].startswith("  b - a: +0.06 (0.0")
    assert "b is better, p " in found[6]
    assert found[8] == "prefers (comparison, higher is better)"
    assert found[11].endswith("more values would tell, 3 ties")


def test_what_is_not_known_is_said() -> None:
    """That there is too little, no difference, no goal, or no verdict at all."""
    same = Measured(key="liked", kind="bounded", arms={"a": Arm(500, 250, 250), "b": Arm(500, 250, 250)})
    assert sentence(verdict()) == "It has no goal, so nothing is decided."
    assert sentence(verdict(Measured(key="liked", kind="scalar"))) == "Too few values yet to decide anything."
    assert sentence(verdict(same)) == "No difference is certain yet."
    assert "no number of values would tell" in "\n".join(lines(verdict(same)))
    lost = lines(verdict(same, units=(5_000, 4_000)))
    assert lost[0] == "No verdict: the variants did not get what their weights say."
    assert lost[2].startswith("ALARM: ")


def test_numbers_have_the_digits_that_are_worth_reading() -> None:
    """And none where there is nothing."""
    assert [number(one) for one in (0.123456, 12.3456, 1_234.5, None)] == ["0.123", "12.3", "1,234", "-"]
