"""Campaigns as they are made and changed, by one gateway and by two at once."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from antiphon.campaigns.model import Campaign, Ending, Goal, Weighting
from antiphon.campaigns.service import Campaigns
from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.errors import AntiphonError, BadRequest, Conflict, NotFound
from antiphon.feedback.metrics import FeedbackMetrics
from antiphon.feedback.model import Metric
from antiphon.ids import seeded
from tests.fixtures.databases.plugin import KINDS
from tests.unit.campaigns.drafts import ACCOUNT, PROJECT_ID, campaigns_of, draft, variant

ENDING = Ending("guardrail", "too slow")
NOW_MS = 1_700_000_000_250


@pytest.fixture
def database_kind() -> str:
    """One is enough: what differs between databases stands in the store's tests, and in those of races below."""
    return "sqlite-again"


async def service_of(database: Database) -> Campaigns:
    """The campaigns of a gateway at a known time."""
    return (await campaigns_of(database, clock=ManualClock(NOW_MS / 1000)))[0]


async def test_a_campaign_is_made(database: Database) -> None:
    """With ids, a salt and times of its own, as a draft."""
    campaigns = await service_of(database)
    made = await campaigns.create(draft(status="running", started_at_ms=5, ending=ENDING))
    assert (made.status, made.started_at_ms, made.ending, made.weightings) == ("draft", None, None, ())
    assert (made.created_at_ms, made.updated_at_ms) == (NOW_MS, NOW_MS)
    assert made.id != "c-id"
    assert len(bytes.fromhex(made.salt)) == 16
    assert made.salt != draft().salt
    assert len({one.id for one in made.variants} | {"a-id", "b-id"}) == 4
    assert await campaigns.get(ACCOUNT, "c") == await campaigns.get(ACCOUNT, made.id) == made


async def test_a_campaign_can_run_from_the_beginning(database: Database) -> None:
    """The weights of its start are written down."""
    campaigns = await service_of(database)
    made = await campaigns.create(draft(), start=True)
    assert (made.status, made.started_at_ms, made.weightings) == ("running", NOW_MS, (Weighting(NOW_MS, (1.0, 1.0)),))


@pytest.mark.parametrize(
    ("drafted", "error", "param"),
    [
        (draft(share=2.0), BadRequest, "share"),
        (draft("taken"), Conflict, "key"),
        (
            draft(variants=tuple(variant(f"v{i}", system_prompt="x" * 60_000) for i in range(5)), floor=0.0),
            BadRequest,
            "variants",
        ),
        (draft(goals=(Goal("latency_ms", "measure"), Goal("unknown"))), NotFound, "goals[1].metric"),
        (draft(goals=(Goal("x\0y"),)), NotFound, "goals[0].metric"),
    ],
)
async def test_what_cannot_be_made(
    database: Database, drafted: Campaign, error: type[AntiphonError], param: str
) -> None:
    """The field is named, and nothing is kept."""
    campaigns = await service_of(database)
    await campaigns.create(draft("taken"))
    with pytest.raises(error) as refused:
        await campaigns.create(drafted)
    assert refused.value.param == param
    assert [one.key for one in await campaigns.list(ACCOUNT)] == ["taken"]


async def test_goals_are_kept_by_the_keys_of_their_metrics(database: Database) -> None:
    """However they were named."""
    metrics = FeedbackMetrics(database, clock=ManualClock(), ids=seeded(5))
    metric = await metrics.create(Metric(id="", account=ACCOUNT, key="thumbs", name="Thumbs", kind="BOOL"))
    campaigns = await service_of(database)
    made = await campaigns.create(draft(goals=(Goal(metric.id), Goal("cost_micro_usdc", "measure"))))
    assert made.goals == (Goal("thumbs"), Goal("cost_micro_usdc", "measure"))


async def test_a_campaign_of_another_account_is_not_there(database: Database) -> None:
    """It is refused like one that never was."""
    campaigns = await service_of(database)
    made = await campaigns.create(draft())
    for name in (made.id, "c", "never", "nul\0"):
        with pytest.raises(NotFound, match=r"^campaign: the campaign '.*' does not exist\.$") as refused:
            await campaigns.stop("bob", name)
        assert refused.value.code == "campaign_not_found"


async def test_from_start_to_archive(database: Database) -> None:
    """Each step is kept, with its time."""
    campaigns = await service_of(database)
    await campaigns.create(draft())
    assert (await campaigns.start(ACCOUNT, "c")).status == "running"
    assert (await campaigns.pause(ACCOUNT, "c")).status == "paused"
    assert (await campaigns.start(ACCOUNT, "c")).status == "running"
    stopped = await campaigns.stop(ACCOUNT, "c")
    assert (stopped.ending, stopped.ended_at_ms) == (Ending("by_hand"), NOW_MS)
    assert await campaigns.stop(ACCOUNT, "c", ENDING) == stopped
    archived = await campaigns.archive(ACCOUNT, "c")
    assert archived.updated_at_ms > stopped.updated_at_ms > NOW_MS
    assert await campaigns.list(ACCOUNT) == ()
    assert await campaigns.list(ACCOUNT, archived=True) == (archived,)
    with pytest.raises(Conflict, match="is archived: it cannot be started"):
        await campaigns.start(ACCOUNT, "c")


async def test_one_campaign_takes_a_project_s_requests(database: Database) -> None:
    """A second one has to wait, or to be for those who ask for it; so has one whose share is raised."""
    campaigns = await service_of(database)
    await campaigns.create(draft("one"), start=True)
    await campaigns.pause(ACCOUNT, "one")
    await campaigns.create(draft("two"))
    with pytest.raises(Conflict, match="^share: the campaign 'one' takes the project's requests") as refused:
        await campaigns.start(ACCOUNT, "two")
    assert refused.value.code == "campaign_in_the_way"
    await campaigns.set_share(ACCOUNT, "two", 0.0)
    await campaigns.start(ACCOUNT, "two")
    with pytest.raises(Conflict, match="^share: "):
        await campaigns.set_share(ACCOUNT, "two", 0.5)
    await campaigns.create(draft("elsewhere", project_id="other"), start=True)
    await campaigns.create(draft("one", account="bob"), start=True)


@pytest.mark.parametrize("database_kind", KINDS)
async def test_two_gateways_cannot_start_two_at_once(database: Database) -> None:
    """However they race."""
    one, other = await service_of(database), (await campaigns_of(database, seed=2))[0]
    for key in ("one", "two"):
        await one.create(draft(key))
    found = await asyncio.gather(one.start(ACCOUNT, "one"), other.start(ACCOUNT, "two"), return_exceptions=True)
    assert sorted(type(result).__name__ for result in found) == ["Campaign", "Conflict"]


async def test_the_share_can_be_changed(database: Database) -> None:
    """While it is not over, and within its bounds."""
    campaigns = await service_of(database)
    await campaigns.create(draft(), start=True)
    assert (await campaigns.set_share(ACCOUNT, "c", 0.25)).share == 0.25
    with pytest.raises(BadRequest, match="^share: "):
        await campaigns.set_share(ACCOUNT, "c", 1.5)
    await campaigns.stop(ACCOUNT, "c")
    with pytest.raises(Conflict, match="is stopped"):
        await campaigns.set_share(ACCOUNT, "c", 0.5)


async def test_a_variant_is_dropped(database: Database) -> None:
    """The last but one ends the campaign."""
    campaigns = await service_of(database)
    three = (variant("a"), variant("b"), variant("c"))
    await campaigns.create(draft(variants=three), start=True)
    first = await campaigns.drop(ACCOUNT, "c", "b", ENDING)
    assert (first.status, [one.key for one in first.open]) == ("running", ["a", "c"])
    assert await campaigns.drop(ACCOUNT, "c", "b", ENDING) == first
    last = await campaigns.drop(ACCOUNT, "c", "c", ENDING)
    assert (last.status, last.ending) == ("stopped", ENDING)
    assert await campaigns.drop(ACCOUNT, "c", "a", ENDING) == last


async def test_variants_are_weighed_anew(database: Database) -> None:
    """By the keys of variants; those that are not named keep theirs."""
    campaigns = await service_of(database)
    await campaigns.create(draft(), start=True)
    weighed = await campaigns.reweigh(ACCOUNT, "c", {"a": 3.0})
    assert [one.weight for one in weighed.variants] == [3.0, 1.0]
    assert weighed.weightings[-1].weights == (3.0, 1.0)


@pytest.mark.parametrize("database_kind", KINDS)
async def test_changes_are_not_lost(database: Database) -> None:
    """Two gateways that change the same campaign at once change it one after the other."""
    one, other = await service_of(database), (await campaigns_of(database, seed=2))[0]
    made = await one.create(draft(), start=True)
    await asyncio.gather(one.set_share(ACCOUNT, "c", 0.5), other.reweigh(ACCOUNT, made.id, {"b": 4.0}))
    found = await one.get(ACCOUNT, "c")
    assert (found.share, found.variants[1].weight) == (0.5, 4.0)
    assert replace(found, share=1.0).project_id == PROJECT_ID
