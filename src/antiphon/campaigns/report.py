"""What there is to say of a campaign at any time, and what follows: its report, and judgements for who acts on them."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Struct

from antiphon.campaigns import aggregates, gathering
from antiphon.campaigns.aggregates import Arms, Part, Units
from antiphon.campaigns.judging import Breach, Judgement
from antiphon.campaigns.model import Campaign, Goal, Measure, Status
from antiphon.clock import Clock
from antiphon.db import Connection, Database
from antiphon.verdict import guard, picture, text
from antiphon.verdict.allocation import shares
from antiphon.verdict.arm import Arm
from antiphon.verdict.judge import Measured, Verdict
from antiphon.verdict.judge import judge as verdict_of

GUARD_ALPHA = 0.01  # how likely any guardrail of a campaign speaks up that should not, over all looks
SHARE_STEP = 0.05  # smaller changes of shares are not worth the users that they move

T = TypeVar("T")


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
        self._database = database
        self._clock = clock

    async def of(self, campaign: Campaign) -> Report:
        """The report, with every goal and every measure."""
        metrics, units = await self._gather(campaign, gathering.all_goals(campaign))
        verdict = await asyncio.to_thread(_verdict, campaign, metrics, units)
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
        report, width_ms = await self.of(campaign), gathering.bucket_ms(campaign, self._now_ms())
        sums = await self._of_parts(
            campaign, lambda connection, part: gathering.sums(connection, campaign, width_ms, part)
        )
        return picture.svg(report.verdict, f"{campaign.name} ({campaign.status})", gathering.points(sums))

    async def judge(self, campaign: Campaign) -> Judgement:
        """What is due: guardrails first, then the verdict by the first goal, then other shares."""
        breaches = await self._breaches(campaign) if campaign.guardrails else ()
        if not campaign.goals:
            return Judgement(breaches)
        metrics, units = await self._gather(campaign, campaign.goals[:1])
        return await asyncio.to_thread(_judgement, campaign, breaches, metrics, units)

    async def _breaches(self, campaign: Campaign) -> tuple[Breach, ...]:
        wanted = tuple(dict.fromkeys(one.measure for one in campaign.guardrails))

        def work(connection: Connection, part: Part) -> dict[Measure, Arms]:
            return aggregates.measures_of_requests(connection, campaign, wanted, part)

        parts = await self._of_parts(campaign, work)
        guarded = {one: functools.reduce(gathering.added, (part[one] for part in parts)) for one in wanted}
        return await asyncio.to_thread(_breaches, campaign, guarded)

    async def _gather(self, campaign: Campaign, goals: Sequence[Goal]) -> tuple[tuple[Measured, ...], Units]:
        parts = await self._of_parts(
            campaign, lambda connection, part: gathering.gather(connection, campaign, goals, part)
        )
        whole = gathering.together(parts)
        metrics = await self._database.read(lambda connection: gathering.metrics(connection, campaign, goals, whole))
        return metrics, whole.units

    async def _of_parts(self, campaign: Campaign, work: Callable[[Connection, Part], T]) -> list[T]:
        """What the work finds in each part of the campaign's units, one after the other: others come in between."""
        parts = await self._database.read(lambda connection: aggregates.parts(connection, campaign))
        return [await self._database.read(functools.partial(_turned, work, part)) for part in parts]

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)


def as_text(report: Report) -> str:
    """The report for a terminal."""
    head = f"{report.name} ({report.campaign}): {report.status}"
    return "\n".join([head, *text.lines(report.verdict)]) + "\n"


def _turned(work: Callable[[Connection, Part], T], part: Part, connection: Connection) -> T:
    return work(connection, part)


def _verdict(campaign: Campaign, metrics: Sequence[Measured], units: Units) -> Verdict:
    return verdict_of(
        [variant.key for variant in campaign.variants],
        metrics,
        aggregates.periods(campaign, units),
        alpha=campaign.alpha,
        enough=campaign.samples_min,
        dropped=frozenset(variant.key for variant in campaign.variants if variant.dropped),
        decides=bool(campaign.goals),
    )


def _judgement(
    campaign: Campaign, breaches: tuple[Breach, ...], metrics: Sequence[Measured], units: Units
) -> Judgement:
    verdict = _verdict(campaign, metrics, units)
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
