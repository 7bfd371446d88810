"""Timelines: the last moment is what the report says, earlier ones knew less."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from antiphon.campaigns.model import Campaign, Goal
from antiphon.campaigns.report import Reports
from antiphon.campaigns.timeline import MOMENTS_MAX, Timelines
from antiphon.clock import ManualClock
from antiphon.db import Database
from tests.unit.campaigns.counted_rows import MINUTE_MS, keep_metrics, requests, scores
from tests.unit.campaigns.drafts import draft, variant
from tests.unit.feedback.said import LIKED


@pytest.fixture
def database_kind() -> str:
    """One is enough: what differs between databases stands in the tests of growth."""
    return "sqlite"


@pytest.fixture
async def timelines(database: Database) -> Timelines:
    """Timelines over a database with metrics."""
    await keep_metrics(database)
    return Timelines(database, clock=ManualClock())


def running(**fields: Any) -> Campaign:  # Any: fields of several types
    """A campaign that took three minutes."""
    made: dict[str, Any] = {"goals": (Goal("liked"),), "started_at_ms": 0, "ended_at_ms": 3 * MINUTE_MS}
    return draft(status="stopped", **(made | fields))


async def test_the_last_moment_is_the_report(database: Database, timelines: Timelines) -> None:
    """Means, intervals and effects; and each moment knows of more values than the one before."""
    for key, hits in (("a", 20), ("b", 45)):
        await scores(database, LIKED, key, 60, hits)
    told = await timelines.of(running())
    assert (told.metric, told.better) == ("liked", "higher")
    assert [moment.at_ms for moment in told.data] == [MINUTE_MS, 2 * MINUTE_MS, 3 * MINUTE_MS]
    assert all(one.standings[0].n < other.standings[0].n for one, other in pairwise(told.data))
    (metric, *_) = (await Reports(database, clock=ManualClock()).of(running())).verdict.metrics
    assert told.data[-1].standings == metric.standings
    (effect,), (pair,) = told.data[-1].effects, metric.comparisons
    assert (effect.first, effect.second, effect.effect) == (pair.first, pair.second, pair.effect)
    assert (effect.low, effect.high) == (pair.low, pair.high)


async def test_what_is_not_known_has_no_ends(database: Database, timelines: Timelines) -> None:
    """Of a few times nothing can be excluded, and a variant without values does not stand there."""
    await requests(database, "a", 3)
    told = await timelines.of(running(goals=(Goal("latency_ms", "measure"),)))
    assert told.better == "lower"
    assert [(one.variant, one.low, one.high) for one in told.data[0].standings] == [("a", None, None)]
    assert told.data[0].effects == ()


@pytest.mark.parametrize("goals", [(), (Goal("liked", "comparison"),)])
async def test_without_arms_there_is_nothing_to_tell(timelines: Timelines, goals: tuple[Goal, ...]) -> None:
    """Of preferences, and without a goal."""
    told = await timelines.of(running(goals=goals))
    assert (told.metric, told.data) == (None, [])


@pytest.mark.parametrize(("variants", "most"), [(2, MOMENTS_MAX), (6, 20)])
async def test_there_are_as_many_moments_as_can_be_paid_for(
    database: Database, timelines: Timelines, variants: int, most: int
) -> None:
    """However long the campaign took, and the fewer the more pairs there are."""
    await requests(database, "v0", 30)
    named = tuple(variant(f"v{number}") for number in range(variants))
    ended_at_ms = 1_000 * MINUTE_MS
    told = await timelines.of(running(variants=named, goals=(Goal("latency_ms", "measure"),), ended_at_ms=ended_at_ms))
    assert told.data[0].at_ms == ended_at_ms // most
