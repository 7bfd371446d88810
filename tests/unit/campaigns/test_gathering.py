"""What a verdict is made of: goals in their order, measures besides, each judged as its values are."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.campaigns import aggregates, gathering
from antiphon.campaigns.aggregates import Part
from antiphon.campaigns.gathering import Gathered
from antiphon.campaigns.model import MEASURES, Campaign, Goal
from antiphon.db import Connection, Database
from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Tally
from antiphon.verdict.judge import Measured
from antiphon.verdict.picture import Point
from tests.unit.campaigns.counted_rows import MINUTE_MS, keep_metrics, preferences, requests, scores
from tests.unit.campaigns.drafts import draft
from tests.unit.feedback.said import LIKED, STARS

GOALS = (Goal("liked"), Goal("error_rate", "measure"), Goal("liked", "comparison"), Goal("stars", "outcome"))
HALVES = aggregates.split(2)


@pytest.fixture
def database_kind() -> str:
    """One is enough: what differs between databases stands in the aggregates' tests."""
    return "sqlite"


async def test_goals_come_first(database: Database) -> None:
    """In their order, with what each is; then every measure that is no goal, and parts make up the whole."""
    await keep_metrics(database)
    await scores(database, LIKED, "a", 4, 1)
    await preferences(database, LIKED, "b", "a", 2)
    await requests(database, "b", 5, failed=2, first_unit=-2)
    campaign = draft(goals=GOALS)
    goals = gathering.all_goals(campaign)

    def work(connection: Connection) -> tuple[Gathered, Gathered, tuple[Measured, ...]]:
        whole = gathering.gather(connection, campaign, goals, Part())
        halves = gathering.together(gathering.gather(connection, campaign, goals, part) for part in HALVES)
        return whole, halves, gathering.metrics(connection, campaign, goals, halves)

    whole, halves, found = await database.read(work)
    assert halves == whole
    assert halves.units == {(0, "b"): 5}
    assert [(one.key, one.source, one.kind, one.better) for one in found[:4]] == [
        ("liked", "direct", "bounded", "higher"),
        ("error_rate", "measure", "bounded", "lower"),
        ("liked", "comparison", "preference", "higher"),
        ("stars", "outcome", "scalar", "higher"),
    ]
    assert {one.key for one in found} == {"liked", "stars", *MEASURES}
    assert found[0].arms == {"a": Arm(4, 1.0, 1.0), "b": Arm()}
    assert found[1].arms == {"a": Arm(), "b": Arm(5, 2.0, 2.0)}
    assert found[2].tallies == {("a", "b"): Tally(0, 2)}


def test_nothing_is_nothing() -> None:
    """Of no parts."""
    assert gathering.together([]) == Gathered((), {})


async def test_points_are_of_the_first_goal(database: Database) -> None:
    """Of all parts together; preferences and campaigns without a goal have none."""
    await keep_metrics(database)
    await scores(database, STARS, "a", 6, 3)
    await requests(database, "b", 6, first_unit=-3)

    def found(connection: Connection, campaign: Campaign) -> list[Point]:
        return gathering.points(gathering.sums(connection, campaign, MINUTE_MS, part) for part in HALVES)

    goals: tuple[tuple[Goal, ...], ...] = (
        (Goal("stars"),), (Goal("latency_ms", "measure"),), (Goal("liked", "comparison"),), (),
    )  # fmt: skip
    said, measured, *nothing = await database.read(
        lambda connection: [found(connection, draft(goals=each)) for each in goals]
    )
    assert said == [Point("a", minute * MINUTE_MS, 2, 0.5) for minute in range(3)]
    assert [(point.variant, point.from_ms, point.n) for point in measured] == [
        ("b", minute * MINUTE_MS, 2) for minute in range(3)
    ]
    assert nothing == [[], []]


def test_stretches_of_time_are_as_long_as_they_have_to_be() -> None:
    """A minute at least, and no more of them than a picture can show."""
    ran: dict[str, Any] = {"started_at_ms": 0}  # Any: fields of several types
    assert gathering.bucket_ms(draft(**ran), 5 * MINUTE_MS) == MINUTE_MS
    assert gathering.bucket_ms(draft(), 5 * MINUTE_MS) == MINUTE_MS
    assert gathering.bucket_ms(draft(**ran, ended_at_ms=1_200 * MINUTE_MS), 0) == 10 * MINUTE_MS
