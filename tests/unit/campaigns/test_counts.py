"""What a campaign has counted is the same, in however many parts it is read."""

from __future__ import annotations

import pytest

from antiphon.campaigns import aggregates
from antiphon.campaigns.counts import Counts
from antiphon.campaigns.gathering import all_goals
from antiphon.campaigns.model import Goal, Guardrail
from antiphon.db import Database
from antiphon.verdict.arm import Arm
from tests.unit.campaigns.counted_rows import MINUTE_MS, keep_metrics, requests, scores
from tests.unit.campaigns.drafts import draft
from tests.unit.feedback.said import LIKED

CAMPAIGN = draft(
    goals=(Goal("liked"),), guardrails=(Guardrail("error_rate", 0.1), Guardrail("error_rate", 0.2, "drop"))
)


@pytest.fixture
def database_kind() -> str:
    """One is enough: what differs between databases stands in the aggregates' tests."""
    return "sqlite"


async def test_parts_make_up_the_whole(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of metrics, guardrails and points alike."""
    await keep_metrics(database)
    await scores(database, LIKED, "a", 20, 5)
    await requests(database, "a", 20, failed=3, first_unit=-10)
    counts = Counts(database)

    async def read() -> tuple[object, ...]:
        return (
            await counts.metrics(CAMPAIGN, all_goals(CAMPAIGN)),
            await counts.guarded(CAMPAIGN),
            await counts.points(CAMPAIGN, MINUTE_MS),
        )

    whole = await read()
    parts = aggregates.split(7)
    monkeypatch.setattr(aggregates, "parts", lambda _connection, _campaign: parts)
    assert await read() == whole
    assert (await counts.guarded(CAMPAIGN))["error_rate"]["a"] == Arm(20, 3.0, 3.0)


async def test_without_guardrails_nothing_is_read(database: Database) -> None:
    """There is nothing to look at."""
    assert await Counts(database).guarded(draft()) == {}
