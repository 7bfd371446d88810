"""Campaigns in the words of the schema."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.campaigns.model import Campaign, Ending, Goal, Status, Variant
from antiphon.graphql.campaign_views import Interval, active, shown, status, variants
from antiphon.graphql.summaries import ModelSummary
from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Tally
from antiphon.verdict.judge import Measured, Verdict, judge

MODELS = ("lab/a:1", "lab/b:1")
SPRING = Campaign(
    id="c", account="ann", key="spring", name="Spring", project_id="p", variants=variants(MODELS),
    goals=(Goal("stars"),), share=0.5, deploys=True, status="running", created_at_ms=3, started_at_ms=5,
)  # fmt: skip
A, B = (ModelSummary(name, name, name) for name in MODELS)


def gathered(*measured: Measured) -> Verdict:
    """The verdict on what there is, with two values of each variant as enough."""
    keys = [variant.key for variant in SPRING.variants]
    return judge(keys, measured, (), alpha=0.05, enough=2)


def test_a_campaign_is_shown() -> None:
    """By its models, whose names variants' keys cannot hold."""
    view = shown(SPRING, gathered(), None, None)
    assert [variant.key for variant in SPRING.variants] == ["lab-a:1", "lab-b:1"]
    assert (view.models, view.score_type, view.traffic_split, view.auto_deploy) == ([A, B], "DIRECT", 0.5, True)
    assert (view.begin_date, view.end_date, view.scores, view.report) == (5, None, 0, None)
    assert (view.status, view.has_enough_scores) == ("WARMUP", False)


def test_models_that_are_called_alike() -> None:
    """Have variants of different names; a variant without a model of its own stands for itself."""
    assert [one.key for one in variants(("a/b", "a-b", "é"))] == ["a-b", "a-b-1", "model"]
    twice = (*variants(("m", "m")), Variant(id="v", key="k", name="K"))
    view = shown(replace(SPRING, variants=twice), gathered(), None, None)
    assert [one.key for one in view.models] == ["m", "m-1", "k"]


def test_the_report_on_values() -> None:
    """The means with what they may be; one p-value."""
    arms = {"lab-a:1": Arm(400, 100, 100), "lab-b:1": Arm(400, 300, 300)}
    view = shown(SPRING, gathered(Measured(key="stars", kind="bounded", arms=arms)), None, None)
    assert (view.scores, view.has_enough_scores, view.status) == (800, True, "IN_PROGRESS")
    assert view.report is not None
    assert view.report.p_value is not None
    assert view.report.p_value < 0.05
    first, second = view.report.variants
    assert (first.variant, first.scores, first.comparisons) == (A, 400, None)
    assert isinstance(first.interval, Interval)
    assert isinstance(second.interval, Interval)
    assert first.interval.start < first.interval.middle == 0.25 < first.interval.end < second.interval.end


def test_the_report_on_preferences() -> None:
    """How often each was preferred, from both sides; ties count as comparisons."""
    tallies = {("lab-a:1", "lab-b:1"): Tally(3, 5, 2, 1)}
    preference = replace(SPRING, goals=(Goal("liked", "comparison"),))
    view = shown(preference, gathered(Measured(key="liked", kind="preference", tallies=tallies)), None, None)
    assert (view.score_type, view.scores) == ("COMPARISON", 10)
    assert view.report is not None
    first, second = view.report.variants
    assert first.comparisons is not None
    assert second.comparisons is not None
    (won,), (lost,) = first.comparisons, second.comparisons
    assert (won.variant, won.scores, won.wins, won.losses, won.ties_good, won.ties_bad) == (B, 10, 3, 5, 1, 1)
    assert (lost.variant, lost.wins, lost.losses, lost.ties_good, lost.ties_bad) == (A, 5, 3, 1, 1)


@pytest.mark.parametrize(
    ("said", "ending", "warming", "known_as"),
    [
        ("draft", None, True, "WARMUP"),
        ("running", None, True, "WARMUP"),
        ("running", None, False, "IN_PROGRESS"),
        ("paused", None, False, "IN_PROGRESS"),
        ("stopped", Ending("by_hand"), False, "CANCELLED"),
        ("stopped", Ending("decided"), False, "DONE"),
        ("archived", Ending("guardrail"), False, "DONE"),
        ("archived", None, True, "CANCELLED"),
    ],
)
def test_the_status(said: Status, ending: Ending | None, *, warming: bool, known_as: str) -> None:
    """In the schema's words."""
    campaign = replace(SPRING, status=said, ending=ending)
    assert status(campaign, warming=warming) == known_as
    assert active(campaign) is (said in ("running", "paused"))
