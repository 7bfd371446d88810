"""Reports on campaigns, and what follows from them: by whom it is decided, what is breached, who gets more."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.campaigns.model import Campaign, Goal, Guardrail, Weighting
from antiphon.campaigns.report import Reports, as_text
from antiphon.clock import ManualClock
from antiphon.db import Database
from tests.unit.campaigns.counted_rows import keep_metrics, preferences, requests, scores
from tests.unit.campaigns.drafts import draft, variant
from tests.unit.feedback.said import LIKED


@pytest.fixture
def database_kind() -> str:
    """One is enough: what differs between databases stands in the aggregates' tests."""
    return "sqlite"


@pytest.fixture
async def reports(database: Database) -> Reports:
    """Reports over a database with metrics."""
    await keep_metrics(database)
    return Reports(database, clock=ManualClock())


def running(**fields: Any) -> Campaign:  # Any: fields of several types
    """A campaign that began at 0."""
    made: dict[str, Any] = {"goals": (Goal("liked"),), "weightings": (Weighting(0, (1.0, 1.0)),), "started_at_ms": 0}
    return draft(status="running", **(made | fields))


async def better(database: Database) -> None:
    """`b` is liked by more, and as many got it."""
    for key, hits in (("a", 200), ("b", 300)):
        await scores(database, LIKED, key, 500, hits)
        await requests(database, key, 500)


async def test_a_report_says_who_is_better(database: Database, reports: Reports) -> None:
    """As numbers, as text and as a picture."""
    await better(database)
    report = await reports.of(running())
    assert (report.campaign, report.status, report.verdict.winner) == ("c", "running", "b")
    assert report.sentence.startswith("b is the best by liked (0.6)")
    assert as_text(report).startswith("c (c): running\nb is the best by liked (0.6)")
    picture = await reports.picture(running())
    assert picture.startswith("<svg ")
    assert "polyline" in picture


async def test_what_is_decided_is_judged_so(database: Database, reports: Reports) -> None:
    """With the winner, and without other weights."""
    await better(database)
    judged = await reports.judge(running(allocation="adaptive"))
    assert (judged.decided, judged.winner, judged.weights, judged.breaches) == (True, "b", None, ())


async def test_nothing_is_decided_too_soon(database: Database, reports: Reports) -> None:
    """Without values, without a goal, with too few, and where units were lost."""
    assert not (await reports.judge(running())).decided
    assert not (await reports.judge(running(goals=()))).decided
    await better(database)
    assert not (await reports.judge(running(samples_min=501))).decided
    await requests(database, "a", 300, first_unit=1_000)
    judged = await reports.judge(running())
    assert (judged.decided, judged.sentence[:11]) == (False, "No verdict:")


async def test_preferences_decide(database: Database, reports: Reports) -> None:
    """Where they are the goal."""
    for preferred, other, n in (("a", "b", 50), ("b", "a", 150)):
        await preferences(database, LIKED, preferred, other, n)
        await requests(database, preferred, 100)
    judged = await reports.judge(running(goals=(Goal("liked", "comparison"),), allocation="adaptive"))
    assert (judged.decided, judged.winner) == (True, "b")


@pytest.mark.parametrize(("failed", "breached"), [(5, ()), (40, ("b",))])
async def test_a_guardrail_speaks_when_it_is_sure(
    database: Database, reports: Reports, failed: int, breached: tuple[str, ...]
) -> None:
    """Not for a few failures, and never of a variant that nobody gets any more."""
    await requests(database, "a", 200, failed=2)
    await requests(database, "b", 200, failed=failed)
    rails = (Guardrail("error_rate", 0.02, "drop"), Guardrail("latency_ms", 500.0))
    judged = await reports.judge(running(goals=(), guardrails=rails))
    assert tuple(breach.variant for breach in judged.breaches) == breached
    for breach in judged.breaches:
        assert (breach.action, breach.sentence) == (
            "drop",
            "b has error_rate of 0.2 over 200 requests; the limit is 0.02.",
        )
    dropped = running(guardrails=rails, variants=(variant("a"), variant("b", dropped=True)))
    assert (await reports.judge(dropped)).breaches == ()


async def test_shares_follow_what_is_likely(database: Database, reports: Reports) -> None:
    """While it is undecided, and only where they are to; small changes are none."""
    for key, hits in (("a", 100), ("b", 115)):
        await scores(database, LIKED, key, 200, hits)
        await requests(database, key, 200)
    judged = await reports.judge(running(allocation="adaptive"))
    assert not judged.decided
    assert judged.weights is not None
    assert judged.weights["b"] > 0.75
    assert sum(judged.weights.values()) == pytest.approx(1)
    assert (await reports.judge(running())).weights is None
    moved = tuple(variant(key, weight=weight) for key, weight in judged.weights.items())
    assert (await reports.judge(running(allocation="adaptive", variants=moved))).weights is None
