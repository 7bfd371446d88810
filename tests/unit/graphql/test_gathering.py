"""What a campaign has gathered by its first goal, of each kind there is."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.campaigns import aggregates
from antiphon.campaigns.aggregates import Counted
from antiphon.campaigns.assignment import unit_hash
from antiphon.campaigns.model import Campaign, Goal, GoalKind
from antiphon.db import Connection, Database
from antiphon.graphql.campaign_views import variants
from antiphon.graphql.gathering import Gathering
from antiphon.graphql.reading import Services

DRAFT = Campaign(
    id="", account="ann", key="spring", name="Spring", project_id="set-id", variants=variants(("m", "seeing")),
    goals=(Goal("stars"),), samples_min=1,
)  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "kind", "verdict_kind"),
    [
        ("stars", "direct", "scalar"),
        ("liked", "direct", "bounded"),
        ("stars", "outcome", "scalar"),
        ("liked", "comparison", "preference"),
        ("error_rate", "measure", "bounded"),
        ("latency_ms", "measure", "scalar"),
    ],
)
async def test_each_kind_of_goal(
    database: Database, services: Services, metric: str, kind: GoalKind, verdict_kind: str
) -> None:
    """Is judged as what it is; nothing is there yet."""
    campaign = await services.campaigns.create(replace(DRAFT, goals=(Goal(metric, kind),)), start=True)
    found = await Gathering(database).of(campaign)
    (by_goal,) = found.metrics
    assert (by_goal.key, by_goal.kind, found.status) == (metric, verdict_kind, "warming_up")


async def test_without_a_goal_there_is_no_verdict(database: Database, services: Services) -> None:
    """Nothing says which variant is better."""
    campaign = await services.campaigns.create(replace(DRAFT, goals=()))
    found = await Gathering(database).of(campaign)
    assert (found.metrics, found.status) == ((), "no_goal")


async def test_what_was_counted_is_there(database: Database, services: Services) -> None:
    """Requests by the measure that they were counted with."""
    campaign = await services.campaigns.create(replace(DRAFT, goals=(Goal("error_rate", "measure"),)), start=True)

    def work(connection: Connection) -> None:
        for number in range(4):
            counted = Counted(
                campaign_id=campaign.id, answer_id=f"a{number}", variant=("m", "seeing")[number % 2],
                unit=unit_hash(campaign, f"request {number}"), at_ms=number, failed=number == 1,
            )  # fmt: skip
            aggregates.count(connection, counted)

    await database.write(work)
    found = await Gathering(database).of(campaign)
    assert [(one.n, one.mean) for one in found.metrics[0].standings] == [(2, 0.0), (2, 0.5)]
    assert found.status == "undecided"
