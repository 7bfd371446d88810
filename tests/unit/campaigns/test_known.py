"""What each gateway knows of campaigns, as others change them."""

from __future__ import annotations

import asyncio

import pytest

from antiphon.db import Database
from tests.unit.campaigns.drafts import ACCOUNT, PROJECT_ID, campaigns_of, draft


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
