"""A gateway's campaigns from its start to its end."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from antiphon.campaigns.aggregates import Counted
from antiphon.campaigns.judging import Judgement
from antiphon.campaigns.model import Campaign, Goal
from antiphon.campaigns.parts import CampaignParts, Configured
from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.ids import seeded
from antiphon.projects.service import Projects
from tests.unit.campaigns.drafts import ACCOUNT, draft
from tests.unit.projects.gateway_projects import projects_of

TEST = draft(project_id="")


@pytest.fixture
def database_kind() -> str:
    """One is enough: what differs between databases stands in the store's tests."""
    return "sqlite"


class Nothing:
    """A judge that never finds anything."""

    async def judge(self, campaign: Campaign) -> Judgement:
        """Nothing."""
        return Judgement()


class Started(list[str]):
    """The parts of a gateway with these campaigns in its configuration, and what was told of them."""

    parts: CampaignParts


def parts_of(
    database: Database, projects: Projects, told: Started, *configured: Configured, seed: int
) -> CampaignParts:
    """The parts of a gateway that is to begin."""
    return CampaignParts(
        database,
        projects,
        Nothing(),
        configured=configured,
        clock=ManualClock(),
        ids=seeded(seed),
        on_lost=lambda rows, _: told.append(f"{rows} lost"),
        on_event=lambda campaign, what: told.append(f"{campaign.key}: {what}"),
    )


async def started(database: Database, *configured: Configured, seed: int = 1) -> Started:
    """A gateway that has just begun."""
    found = Started()
    found.parts = parts_of(database, await projects_of(database), found, *configured, seed=seed)
    await found.parts.start()
    return found


async def test_a_configured_campaign_is_made_once(database: Database) -> None:
    """At the next start it is as it has become meanwhile; also when it was archived."""
    configured = Configured(TEST, "set", running=True)
    first = await started(database, configured)
    made = await first.parts.campaigns.get(ACCOUNT, "c")
    assert (made.status, made.project_id) == ("running", "set-id")
    await first.parts.campaigns.stop(ACCOUNT, "c")
    await first.parts.close()
    second = await started(database, configured, seed=2)
    assert (await second.parts.campaigns.get(ACCOUNT, "c")).status == "stopped"
    await second.parts.campaigns.archive(ACCOUNT, "c")
    await second.parts.close()
    third = await started(database, configured, seed=3)
    assert (await third.parts.campaigns.get(ACCOUNT, "c")).status == "archived"
    await third.parts.close()
    assert first == second == third == []


async def test_what_cannot_be_made_is_told(database: Database) -> None:
    """And keeps neither the gateway nor the next one from being made."""
    unknown = Configured(replace(TEST, key="one"), "no-such-project", running=True)
    unmeasured = Configured(replace(TEST, key="two", goals=(Goal("never"),)), "set", running=True)
    found = await started(database, unknown, unmeasured, Configured(TEST, "set", running=False))
    assert [told.partition(":")[0] for told in found] == ["one", "two"]
    assert [one.key for one in await found.parts.campaigns.list(ACCOUNT)] == ["c"]
    await found.parts.close()


async def test_its_end_writes_what_is_counted(database: Database) -> None:
    """Nothing that was taken is lost."""
    found = await started(database)
    found.parts.counting.put(Counted(campaign_id="c", answer_id="a", variant="v", unit=1, at_ms=1))
    await found.parts.close()
    assert found == []
    row = await database.read(lambda connection: connection.one("SELECT COUNT(*) FROM campaign_requests"))
    assert row == (1,)


async def test_what_runs_beside_requests(database: Database) -> None:
    """It follows other gateways, and watches."""
    found = await started(database)
    runs = found.parts.runs()
    assert len(runs) == 2
    for run in runs:
        run.close()
    await found.parts.close()


async def test_what_another_gateway_makes_meanwhile_is_known(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the start, and not only when changes are looked for the next time."""
    configured = Configured(TEST, "set", running=True)
    late = parts_of(database, await projects_of(database), Started(), configured, seed=2)
    refresh, early = late.known.refresh, True

    async def too_early() -> None:
        nonlocal early
        if early:
            early = False
            await started(database, configured)
        else:
            await refresh()

    monkeypatch.setattr(late.known, "refresh", too_early)
    await late.start()
    assert [one.key for one in late.known.all_running()] == [TEST.key]
    await late.close()
