"""What a verdict is made of: goals in their order, measures besides, each judged as its values are."""

from __future__ import annotations

from typing import Any

from antiphon.campaigns import gathering
from antiphon.campaigns.model import MEASURES, Goal
from antiphon.db import Database
from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Tally
from tests.unit.campaigns.counts import MINUTE_MS, keep_metrics, preferences, requests, scores
from tests.unit.campaigns.drafts import draft
from tests.unit.feedback.said import LIKED, STARS

GOALS = (Goal("liked"), Goal("error_rate", "measure"), Goal("liked", "comparison"), Goal("stars", "outcome"))


async def test_goals_come_first(database: Database) -> None:
    """In their order, with what each is; then every measure that is no goal."""
    await keep_metrics(database)
    await scores(database, LIKED, "a", 4, 1)
    await preferences(database, LIKED, "b", "a", 2)
    await requests(database, "b", 5, failed=2)
    found = await database.read(lambda connection: gathering.all_metrics(connection, draft(goals=GOALS)))
    assert [(one.key, one.source, one.kind, one.better) for one in found[:4]] == [
        ("liked", "direct", "bounded", "higher"),
        ("error_rate", "measure", "bounded", "lower"),
        ("liked", "comparison", "preference", "higher"),
        ("stars", "outcome", "scalar", "higher"),
    ]
    assert {one.key for one in found} == {"liked", "stars", *MEASURES}
    assert found[0].arms == {"a": Arm(4, 1.0, 1.0)}
    assert found[1].arms == {"b": Arm(5, 2.0, 2.0)}
    assert found[2].tallies == {("a", "b"): Tally(0, 2)}
    assert found[3].arms == {}


async def test_only_the_first_goal_decides(database: Database) -> None:
    """And nothing where there is none."""
    await keep_metrics(database)
    found = await database.read(
        lambda connection: [
            gathering.deciding_metric(connection, draft(goals=goals)) for goals in (GOALS, GOALS[1:], ())
        ]
    )
    assert [[one.key for one in each] for each in found] == [["liked"], ["error_rate"], []]


async def test_points_are_of_the_first_goal(database: Database) -> None:
    """Since the campaign began; preferences and campaigns that never ran have none."""
    await keep_metrics(database)
    await scores(database, STARS, "a", 6, 3)
    await requests(database, "b", 6)
    ran: dict[str, Any] = {"started_at_ms": 0}  # Any: fields of several types
    campaigns = (
        draft(goals=(Goal("stars"),), **ran),
        draft(goals=(Goal("latency_ms", "measure"),), **ran),
        draft(goals=(Goal("liked", "comparison"),), **ran),
        draft(goals=(Goal("stars"),)),
        draft(**ran),
    )
    found = await database.read(
        lambda connection: [gathering.points(connection, campaign, 3 * MINUTE_MS) for campaign in campaigns]
    )
    assert [(point.variant, point.from_ms, point.n) for point in found[0]] == [
        ("a", minute * MINUTE_MS, 2) for minute in range(3)
    ]
    assert {point.variant for point in found[1]} == {"b"}
    assert found[2:] == [[], [], []]
