"""Looks at the campaigns that run, again and again, and does what was found to be due: drop, stop, deploy, weigh anew.

Gateways take turns. A look that takes long is rested from for many times as long, however much a campaign has gathered.
What two gateways do at once is the same, and done once: an ending that is there stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from antiphon.campaigns.apply import deployed
from antiphon.campaigns.judging import Breach, Judge, Judgement
from antiphon.campaigns.known import KnownCampaigns
from antiphon.campaigns.model import Campaign, Ending
from antiphon.campaigns.service import Campaigns
from antiphon.db import StatementFailed
from antiphon.errors import AntiphonError, RequestError
from antiphon.projects.model import Project

EVERY_S = 10.0
RESTS = 30  # for each second that a look has taken

OnEvent = Callable[[Campaign, str], None]  # the campaign, and what was done about it and why


class Deploying(Protocol):
    """The projects that winners are deployed to."""

    def get(self, name: str) -> Project:
        """The project of that id or key."""
        ...

    async def update(self, name: str, change: Callable[[Project], Project], *, seen_ms: int | None = None) -> Project:
        """Change a project."""
        ...


class Watch:
    """Acts on judgements; `run` it beside requests. `on_event` is told what was done, and what could not be."""

    def __init__(
        self, campaigns: Campaigns, known: KnownCampaigns, judge: Judge, projects: Deploying, *, on_event: OnEvent
    ) -> None:
        self._campaigns = campaigns
        self._known = known
        self._judge = judge
        self._projects = projects
        self._on_event = on_event

    async def run(self, every_s: float = EVERY_S) -> None:
        """Look for ever. What fails is told, and tried again the next time."""
        while True:
            await asyncio.sleep(every_s)
            for campaign in filter(_is_watched, self._known.all_running()):
                try:
                    if await self._campaigns.take_look(campaign, every_s):
                        await self._timed_look(campaign, every_s)
                except (AntiphonError, StatementFailed) as error:
                    self._on_event(campaign, f"it could not be looked at: {error}")

    async def _timed_look(self, campaign: Campaign, every_s: float) -> None:
        now_s = asyncio.get_running_loop().time
        begun_s = now_s()
        await self.look(campaign)
        rest_s = RESTS * (now_s() - begun_s)
        if rest_s > every_s:
            await self._campaigns.put_off_look(campaign, rest_s)

    async def look(self, campaign: Campaign) -> None:
        """Look at one campaign, and do what is due."""
        judged = await self._judge.judge(campaign)
        for breach in judged.breaches:
            campaign = await self._restrain(campaign, breach)
            if campaign.status != "running":
                return
        if judged.decided and campaign.decides:
            await self._conclude(campaign, judged)
        elif judged.weights is not None and campaign.allocation == "adaptive":
            await self._campaigns.reweigh(campaign.account, campaign.id, judged.weights)

    async def _restrain(self, campaign: Campaign, breach: Breach) -> Campaign:
        """Stop the campaign, or drop the variant, that is beyond a guardrail."""
        ending = Ending("guardrail", breach.sentence)
        account, name = campaign.account, campaign.id
        if breach.action == "stop":
            after = await self._campaigns.stop(account, name, ending)
        else:
            after = await self._campaigns.drop(account, name, breach.variant, ending)
        if after != campaign:
            what = "it is stopped" if after.status == "stopped" else f"the variant {breach.variant!r} is dropped"
            self._on_event(after, f"{what}: {breach.sentence}")
        return after

    async def _conclude(self, campaign: Campaign, judged: Judgement) -> None:
        """Stop what is decided. The winner is deployed before, so that a gateway that dies in between does it again."""
        sentence = judged.sentence
        winner = None if judged.winner is None else campaign.variant(judged.winner)
        if campaign.deploys and winner is not None:
            try:
                project = self._projects.get(campaign.project_id)
                if deployed(winner, project) != project:
                    await self._projects.update(project.id, lambda project: deployed(winner, project))
            except RequestError as error:  # such as of a project that the configuration holds, or that is gone
                sentence = f"{sentence} The winner could not be deployed: {error.message}"
        ending = Ending("decided", sentence, judged.winner)
        after = await self._campaigns.stop(campaign.account, campaign.id, ending)
        self._on_event(after, f"it is decided: {sentence}")


def _is_watched(campaign: Campaign) -> bool:
    """Whether anything could come of a look."""
    return campaign.decides or campaign.allocation == "adaptive" or bool(campaign.guardrails)
