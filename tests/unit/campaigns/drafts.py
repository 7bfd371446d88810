"""Campaigns for tests: drafts, and the service of a gateway with a clock that stands still and ids that repeat."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from antiphon.campaigns.known import KnownCampaigns
from antiphon.campaigns.model import Campaign, Variant
from antiphon.campaigns.service import Campaigns
from antiphon.clock import Clock, ManualClock
from antiphon.db import Database
from antiphon.ids import seeded

ACCOUNT = "ann"
PROJECT_ID = "p-id"


def variant(key: str, **fields: Any) -> Variant:  # Any: fields of several types
    """A variant of that key; its id is made of it."""
    return replace(Variant(id=f"{key}-id", key=key, name=key), **fields)


def draft(key: str = "c", **fields: Any) -> Campaign:  # Any: fields of several types
    """Two variants, `a` and `b`, of one project."""
    made = Campaign(
        id=f"{key}-id",
        account=ACCOUNT,
        key=key,
        name=key,
        project_id=PROJECT_ID,
        variants=(variant("a"), variant("b")),
        salt="00" * 16,
    )
    return replace(made, **fields)


async def campaigns_of(
    database: Database, *, clock: Clock | None = None, seed: int = 1
) -> tuple[Campaigns, KnownCampaigns]:
    """What one gateway does with campaigns, and those that it knows after its start."""
    known = KnownCampaigns(database)
    await known.refresh()
    return Campaigns(database, known, clock=clock or ManualClock(), ids=seeded(seed)), known
