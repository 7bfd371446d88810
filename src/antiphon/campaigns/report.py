"""What there is to say of a campaign at any time, and what follows: its report, and judgements for who acts on them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from antiphon.campaigns import gathering
from antiphon.campaigns.aggregates import Arms, Units
from antiphon.campaigns.counts import Counts
from antiphon.campaigns.judging import Breach, Judgement
from antiphon.campaigns.model import Campaign, Measure, Status
from antiphon.clock import Clock
from antiphon.db import Database
from antiphon.verdict import guard, picture, text
from antiphon.verdict.allocation import shares
from antiphon.verdict.arm import Arm
from antiphon.verdict.judge import Measured, Verdict

GUARD_ALPHA = 0.01  # how likely any guardrail of a campaign speaks up that should not, over all looks
SHARE_STEP = 0.05  # smaller changes of shares are not worth the users that they move


class Report(Struct, frozen=True, kw_only=True):
    """A campaign and what is known of it; `sentence` says it to a reader in a hurry."""

    id: str
    campaign: str
    name: str
    project_id: str
    status: Status
    started_at_ms: int | None
    ended_at_ms: int | None
    made_at_ms: int
    sentence: str
    verdict: Verdict


class Reports:
    """Reports on campaigns, by what their counts are now. Nobody waits for a long one: it is made in steps."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._counts = Counts(database)
        self._clock = clock

    async def of(self, campaign: Campaign) -> Report:
        """The report, with every goal and every measure."""
        metrics, units = await self._counts.metrics(campaign, gathering.all_goals(campaign))
        verdict = await asyncio.to_thread(gathering.verdict, campaign, metrics, units)
        return Report(
            id=campaign.id,
            campaign=campaign.key,
            name=campaign.name,
            project_id=campaign.project_id,
            status=campaign.status,
            started_at_ms=campaign.started_at_ms,
            ended_at_ms=campaign.ended_at_ms,
            made_at_ms=self._now_ms(),
            sentence=text.sentence(verdict),
            verdict=verdict,
        )

    async def picture(self, campaign: Campaign) -> str:
        """The report as a picture, with what came over time."""
        report = await self.of(campaign)
        points = await self._counts.points(campaign, gathering.bucket_ms(campaign, self._now_ms()))
        return picture.svg(report.verdict, f"{campaign.name} ({campaign.status})", points)

    async def judge(self, campaign: Campaign) -> Judgement:
        """What is due: guardrails first, then the verdict by the first goal, then other shares."""
        guarded = await self._counts.guarded(campaign)
        breaches = await asyncio.to_thread(_breaches, campaign, guarded)
        if not campaign.goals:
            return Judgement(breaches)
        metrics, units = await self._counts.metrics(campaign, campaign.goals[:1])
        return await asyncio.to_thread(_judgement, campaign, breaches, metrics, units)

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)


def as_text(report: Report) -> str:
    """The report for a terminal."""
    head = f"{report.name} ({report.campaign}): {report.status}"
    return "\n".join([head, *text.lines(report.verdict)]) + "\n"


def _judgement(
    campaign: Campaign, breaches: tuple[Breach, ...], metrics: Sequence[Measured], units: Units
) -> Judgement:
    verdict = gathering.verdict(campaign, metrics, units)
    decided = verdict.status == "decided"
    weights = _weights(campaign, metrics[0]) if verdict.status == "undecided" else None
    return Judgement(breaches, decided, verdict.winner, text.sentence(verdict), weights)


def _breaches(campaign: Campaign, guarded: dict[Measure, Arms]) -> tuple[Breach, ...]:
    """Each variant that is beyond a guardrail for certain."""
    found = []
    alpha = GUARD_ALPHA / max(1, len(campaign.guardrails) * len(campaign.variants))
    for one in campaign.guardrails:
        for variant in campaign.open:
            arm = guarded[one.measure].get(variant.key, Arm())
            if guard.above(arm, one.limit, gathering.kind_of(one.measure)) <= alpha:
                mean = f"{one.measure} of {text.number(arm.mean)} over {arm.n:,} requests"
                found.append(Breach(variant.key, one.action, f"{variant.key} has {mean}; the limit is {one.limit:g}."))
    return tuple(found)


def _weights(campaign: Campaign, metric: Measured) -> dict[str, float] | None:
    """Other shares of the variants that are left, None where they would hardly differ from what they are."""
    if campaign.allocation != "adaptive" or metric.kind == "preference":
        return None
    left = campaign.open
    whole = sum(variant.weight for variant in left)
    wanted = shares({one.key: metric.arms.get(one.key, Arm()) for one in left}, metric.better, campaign.floor)
    moved = max((abs(wanted[one.key] - one.weight / whole) for one in left), default=0.0)
    return wanted if moved >= SHARE_STEP else None
