"""What each gateway knows of campaigns, as others change them."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from antiphon.campaigns.entering import entered
from antiphon.campaigns.known import KnownCampaigns
from antiphon.chat import ChatRequest, Message
from antiphon.db import Database
from antiphon.key import Key
from antiphon.models.catalogue import Catalogue
from antiphon.projects.model import Project
from antiphon.projects.resolve import Target
from tests.unit.campaigns.drafts import ACCOUNT, PROJECT_ID, campaigns_of, draft, variant


@pytest.fixture
def database_kind() -> str:
    """One is enough: what differs between databases stands in the store's tests."""
    return "sqlite"


async def test_another_gateway_sees_each_change(database: Database) -> None:
    """A start, a stop, and what is archived is forgotten."""
    campaigns, _ = await campaigns_of(database)
    _, elsewhere = await campaigns_of(database)
    made = await campaigns.create(draft(), start=True)
    assert elsewhere.running(ACCOUNT, PROJECT_ID) is None
    await elsewhere.refresh()
    assert elsewhere.running(ACCOUNT, PROJECT_ID) == elsewhere.find(ACCOUNT, "c") == made
    assert elsewhere.all_running() == (made,)
    stopped = await campaigns.stop(ACCOUNT, "c")
    await elsewhere.refresh()
    assert elsewhere.running(ACCOUNT, PROJECT_ID) is None
    assert elsewhere.find(ACCOUNT, made.id) == stopped
    await campaigns.archive(ACCOUNT, "c")
    await elsewhere.refresh()
    assert elsewhere.find(ACCOUNT, made.id) is elsewhere.find(ACCOUNT, "c") is None


async def test_a_gateway_that_starts_knows_all_at_once(database: Database) -> None:
    """But not what is archived."""
    campaigns, _ = await campaigns_of(database)
    await campaigns.create(draft("old"))
    await campaigns.archive(ACCOUNT, "old")
    made = await campaigns.create(draft(), start=True)
    _, started = await campaigns_of(database)
    assert started.running(ACCOUNT, PROJECT_ID) == made
    assert started.find(ACCOUNT, "old") is None


def assigned(known: KnownCampaigns, users: int) -> list[str | None]:
    """The variant of each of so many users at a gateway, None for those who take no part."""
    target = Target(Project(PROJECT_ID, "p", "P"), "m", named=False)
    key, catalogue, messages = Key(ACCOUNT), Catalogue(), (Message("user", "hi"),)
    found = []
    for number in range(users):
        request = ChatRequest("p", messages, user=f"user {number}", session_id=f"session {number % 7}")
        taken = entered(request, target, key, "answer", known, catalogue)
        found.append(None if taken is None else taken.variant.key)
    return found


@pytest.mark.parametrize("users", [2_000, pytest.param(100_000, marks=pytest.mark.slow)])
async def test_every_gateway_assigns_alike(database: Database, users: int) -> None:
    """Three of them, one of which began later; by the weights, and nobody is switched by a pause or another share."""
    campaigns, first = await campaigns_of(database)
    variants = (variant("a", weight=5), variant("b", weight=3), variant("c", weight=2))
    await campaigns.create(draft(variants=variants, share=0.5), start=True)
    _, second = await campaigns_of(database)
    seen = assigned(first, users)
    assert assigned(second, users) == seen
    counts = Counter(seen)
    slack = 0.01 if users >= 100_000 else 0.05
    for key, part in ((None, 0.5), ("a", 0.25), ("b", 0.15), ("c", 0.1)):
        assert abs(counts[key] / users - part) < slack
    await campaigns.pause(ACCOUNT, "c")
    assert set(assigned(first, 100)) == {None}
    await campaigns.set_share(ACCOUNT, "c", 0.9)
    await campaigns.start(ACCOUNT, "c")
    _, third = await campaigns_of(database)
    wider = assigned(third, users)
    assert all(after == before for before, after in zip(seen, wider, strict=True) if before is not None)


async def test_it_follows_by_itself(database: Database) -> None:
    """While it runs beside requests."""
    campaigns, _ = await campaigns_of(database)
    _, elsewhere = await campaigns_of(database)
    following = asyncio.create_task(elsewhere.run(0.01))
    await campaigns.create(draft(), start=True)
    async with asyncio.timeout(10):
        while elsewhere.running(ACCOUNT, PROJECT_ID) is None:  # noqa: ASYNC110 - a view has no event of its own
            await asyncio.sleep(0.01)
    following.cancel()


async def test_no_share_waits_for_those_who_ask(database: Database) -> None:
    """It is known by its name, and takes no request by itself."""
    campaigns, known = await campaigns_of(database)
    await campaigns.create(draft(share=0.0), start=True)
    assert known.running(ACCOUNT, PROJECT_ID) is None
    assert known.find(ACCOUNT, "c") is not None
