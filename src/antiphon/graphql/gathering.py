"""The verdict on a campaign by the goal that decides it. Lists of campaigns need no more of their reports."""

from __future__ import annotations

import asyncio

from antiphon.campaigns import gathering
from antiphon.campaigns.model import Campaign
from antiphon.db import Database
from antiphon.verdict.judge import Measured, Verdict, judge


class Gathering:
    """Reads what there is of campaigns. A long calculation keeps nobody waiting."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, campaign: Campaign) -> Verdict:
        """The verdict by the first goal; whether variants came in the ratio that they should is not looked at."""
        metrics = await self._database.read(lambda connection: gathering.deciding_metric(connection, campaign))
        return await asyncio.to_thread(_verdict, campaign, metrics)


def _verdict(campaign: Campaign, metrics: list[Measured]) -> Verdict:
    return judge(
        [variant.key for variant in campaign.variants],
        metrics,
        (),
        alpha=campaign.alpha,
        enough=campaign.samples_min,
        dropped=frozenset(variant.key for variant in campaign.variants if variant.dropped),
        decides=bool(campaign.goals),
    )
