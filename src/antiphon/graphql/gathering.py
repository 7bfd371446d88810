"""The verdict on a campaign by the goal that decides it. Lists of campaigns need no more of their reports."""

from __future__ import annotations

import asyncio

from antiphon.campaigns import gathering
from antiphon.campaigns.counts import Counts
from antiphon.campaigns.model import Campaign
from antiphon.db import Database
from antiphon.verdict.judge import Verdict


class Gathering:
    """Reads what there is of campaigns. A long calculation keeps nobody waiting."""

    def __init__(self, database: Database) -> None:
        self._counts = Counts(database)

    async def of(self, campaign: Campaign) -> Verdict:
        """The verdict by the first goal."""
        metrics, units = await self._counts.metrics(campaign, campaign.goals[:1])
        return await asyncio.to_thread(gathering.verdict, campaign, metrics, units)
