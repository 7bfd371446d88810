"""What is done about a campaign once something was found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from antiphon.campaigns import watch
from antiphon.campaigns.judging import Breach, Judgement
from antiphon.campaigns.known import KnownCampaigns
from antiphon.campaigns.model import Campaign, Ending, Goal, Guardrail
from antiphon.campaigns.service import Campaigns
from antiphon.campaigns.watch import Watch
from antiphon.clock import Clock, ManualClock, SystemClock
from antiphon.db import Database
from antiphon.errors import Conflict, Unavailable
from antiphon.projects.model import Project
from tests.unit.campaigns.drafts import ACCOUNT, campaigns_of, draft, variant

THREE = (variant("a"), variant("b", model="large"), variant("c"))
MEASURED = (Goal("latency_ms", "measure"),)
SLOWEST = (Guardrail("latency_ms", 5.0),)
SLOW = "b is slower than it may be."
BETTER = "b is better than a."


@pytest.fixture
def database_kind() -> str:
    """One is enough: what differs between databases stands in the store's tests."""
    return "sqlite"


class Found:
    """A judge that has found the same each time, or is away."""

    def __init__(self, judgement: Judgement) -> None:
        self._judgement = judgement
        self.away = False

    async def judge(self, campaign: Campaign) -> Judgement:
        """That."""
        if self.away:
            raise Unavailable
        return self._judgement


class OneProject:
    """A project that can be changed, unless it is `fixed`."""

    def __init__(self, *, fixed: bool = False) -> None:
        self.project = Project("p-id", "p", "P", default_model="m")
        self.changes = 0
        self._fixed = fixed

    def get(self, name: str) -> Project:
        """It."""
        assert name == self.project.id
        return self.project

    async def update(self, name: str, change: Callable[[Project], Project], *, seen_ms: int | None = None) -> Project:
        """Change it."""
        assert (name, seen_ms) == (self.project.id, None)
        if self._fixed:
            raise Conflict("It is in the configuration.")
        self.changes += 1
        self.project = change(self.project)
        return self.project


class Watched:
    """A campaign that runs, and who watches it."""

    def __init__(self, judgement: Judgement, campaigns: Campaigns, known: KnownCampaigns, project: OneProject) -> None:
        self.campaigns, self.known, self.project = campaigns, known, project
        self.judge = Found(judgement)
        self.told: list[str] = []
        self.watch = Watch(campaigns, known, self.judge, project, on_event=lambda _, what: self.told.append(what))

    async def look(self) -> Campaign:
        """The campaign after one look at it."""
        await self.watch.look(await self.campaigns.get(ACCOUNT, "c"))
        return await self.campaigns.get(ACCOUNT, "c")


async def watched(
    database: Database,
    drafted: Campaign,
    judgement: Judgement,
    *,
    fixed: bool = False,
    seed: int = 1,
    clock: Clock | None = None,
) -> Watched:
    """That campaign, running, and a judge who has found this."""
    campaigns, known = await campaigns_of(database, clock=clock, seed=seed)
    await campaigns.create(drafted, start=True)
    return Watched(judgement, campaigns, known, OneProject(fixed=fixed))


async def test_a_breach_stops_the_campaign(database: Database) -> None:
    """The reason is kept and told; to look again changes nothing."""
    found = Judgement(breaches=(Breach("b", "stop", SLOW),), decided=True, winner="b")
    lab = await watched(database, draft(variants=THREE, goals=MEASURED, decides=True), found)
    stopped = await lab.look()
    assert (stopped.status, stopped.ending) == ("stopped", Ending("guardrail", SLOW))
    assert lab.told == [f"it is stopped: {SLOW}"]
    assert await lab.look() == stopped
    assert lab.told == [f"it is stopped: {SLOW}"]


async def test_breaches_drop_variants(database: Database) -> None:
    """One after the other; with one variant left the campaign is over."""
    lab = await watched(database, draft(variants=THREE), Judgement(breaches=(Breach("b", "drop", SLOW),)))
    assert [one.key for one in (await lab.look()).open] == ["a", "c"]
    lab.judge = Found(Judgement(breaches=(Breach("b", "drop", SLOW), Breach("c", "drop", "c fails."))))
    lab.watch = Watch(lab.campaigns, lab.known, lab.judge, lab.project, on_event=lambda _, what: lab.told.append(what))
    stopped = await lab.look()
    assert (stopped.status, stopped.ending) == ("stopped", Ending("guardrail", "c fails."))
    assert lab.told == [f"the variant 'b' is dropped: {SLOW}", "it is stopped: c fails."]


async def test_a_decision_ends_what_may_end_by_itself(database: Database) -> None:
    """And nothing else."""
    found = Judgement(decided=True, winner="b", sentence=BETTER)
    lab = await watched(database, draft(variants=THREE, goals=MEASURED), found)
    assert (await lab.look()).status == "running"
    drafted = draft("d", variants=THREE, goals=MEASURED, decides=True, project_id="q")
    other = await watched(database, drafted, found, seed=2)
    await other.watch.look(await other.campaigns.get(ACCOUNT, "d"))
    stopped = await other.campaigns.get(ACCOUNT, "d")
    assert stopped.ending == Ending("decided", BETTER, "b")
    assert other.project.changes == 0


async def test_a_winner_is_deployed(database: Database) -> None:
    """Once, also where two gateways find it."""
    found = Judgement(decided=True, winner="b", sentence=BETTER)
    lab = await watched(database, draft(variants=THREE, goals=MEASURED, decides=True, deploys=True), found)
    running = await lab.campaigns.get(ACCOUNT, "c")
    await lab.watch.look(running)
    await lab.watch.look(running)
    assert lab.project.project.default_model == "large"
    assert lab.project.changes == 1
    assert (await lab.campaigns.get(ACCOUNT, "c")).ending == Ending("decided", BETTER, "b")


async def test_a_winner_that_cannot_be_deployed(database: Database) -> None:
    """The campaign is over all the same, and says why nothing has changed."""
    found = Judgement(decided=True, winner="b", sentence=BETTER)
    drafted = draft(variants=THREE, goals=MEASURED, decides=True, deploys=True)
    lab = await watched(database, drafted, found, fixed=True)
    ending = (await lab.look()).ending
    assert ending == Ending("decided", f"{BETTER} The winner could not be deployed: It is in the configuration.", "b")


async def test_nobody_wins_where_nothing_matters(database: Database) -> None:
    """Then nothing is deployed either."""
    found = Judgement(decided=True, sentence="They do not differ.")
    lab = await watched(database, draft(variants=THREE, goals=MEASURED, decides=True, deploys=True), found)
    assert (await lab.look()).ending == Ending("decided", "They do not differ.", None)
    assert lab.project.changes == 0


@pytest.mark.parametrize(("allocation", "weight"), [("fixed", 1.0), ("adaptive", 4.0)])
async def test_weights_are_adapted(database: Database, allocation: str, weight: float) -> None:
    """Where the campaign says so."""
    drafted = replace(draft(variants=THREE, goals=MEASURED), allocation=allocation)
    lab = await watched(database, drafted, Judgement(weights={"b": 4.0}))
    assert (await lab.look()).variants[1].weight == weight


async def test_gateways_take_turns(database: Database) -> None:
    """While one has looked, the other need not."""
    clock = ManualClock()
    lab = await watched(database, draft(guardrails=SLOWEST), Judgement(), clock=clock)
    campaign = await lab.campaigns.get(ACCOUNT, "c")
    other, _ = await campaigns_of(database, clock=clock, seed=2)
    assert await lab.campaigns.take_look(campaign, 10.0)
    assert not await other.take_look(campaign, 10.0)
    clock.advance(10.0)
    assert await other.take_look(campaign, 10.0)
    await other.put_off_look(campaign, 60.0)
    clock.advance(59.0)
    assert not await lab.campaigns.take_look(campaign, 10.0)


async def test_a_long_look_is_rested_from(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """For many times as long."""
    monkeypatch.setattr(watch, "RESTS", 1_000_000)
    lab = await watched(database, draft(guardrails=SLOWEST), Judgement(weights={"a": 2.0}), clock=SystemClock())
    running = asyncio.create_task(lab.watch.run(0.01))
    async with asyncio.timeout(10):
        while await lab.campaigns.take_look(await lab.campaigns.get(ACCOUNT, "c"), 0.0):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    running.cancel()
    assert lab.told == []


async def test_it_looks_again_and_again(database: Database) -> None:
    """At what can be acted on; a judge who is away is told of, and asked again."""
    found = Judgement(breaches=(Breach("b", "stop", SLOW),))
    lab = await watched(database, draft(guardrails=SLOWEST), found, clock=SystemClock())
    await lab.campaigns.create(draft("unwatched", project_id="q"), start=True)
    lab.judge.away = True
    running = asyncio.create_task(lab.watch.run(0.01))
    async with asyncio.timeout(10):
        while not lab.told:  # noqa: ASYNC110 - nothing but the list tells
            await asyncio.sleep(0.01)
        lab.judge.away = False
        while "it is stopped" not in lab.told[-1]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    running.cancel()
    assert lab.told[0].startswith("it could not be looked at: ")
    assert lab.told[-1] == f"it is stopped: {SLOW}"
    assert (await lab.campaigns.get(ACCOUNT, "unwatched")).status == "running"
