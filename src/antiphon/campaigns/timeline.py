"""A campaign's intervals over time, by what decides it: how each variant stood, and how far from the first one.

A unit counts from when it first came, with the mean of all its values, so that a campaign's last moment is what its
report says now. Intervals of all moments hold at once, as those of the report do.
"""

from __future__ import annotations

import asyncio
from math import isfinite, log
from typing import Literal

from msgspec import Struct

from antiphon.campaigns.counts import Counts
from antiphon.campaigns.growth_store import Growth
from antiphon.campaigns.model import Campaign
from antiphon.clock import Clock
from antiphon.db import Database
from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Better, Kind, evidence
from antiphon.verdict.judge import Measured, Standing

MOMENTS_MAX = 40
MOMENTS_MIN = 8
INTERVALS_MAX = 100  # of pairs, over all moments: one of truths takes 12 ms of a processor
WIDTH_MS_MIN = 60_000


class Effect(Struct, frozen=True):
    """How much higher the second variant's mean was by then than the first one's; null ends: nothing is excluded."""

    first: str
    second: str
    effect: float
    low: float | None
    high: float | None


class Moment(Struct, frozen=True):
    """What was known at one time."""

    at_ms: int
    standings: tuple[Standing, ...]
    effects: tuple[Effect, ...]


class Timeline(Struct, frozen=True, kw_only=True):
    """What was known of a campaign by its first goal, over time; nothing of preferences and without a goal."""

    id: str
    campaign: str
    metric: str | None
    better: Better | None
    data: list[Moment]
    object: Literal["campaign_timeline"] = "campaign_timeline"


class Timelines:
    """The timelines of campaigns, by what their counts are now."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._counts = Counts(database)
        self._clock = clock

    async def of(self, campaign: Campaign) -> Timeline:
        """The timeline up to now, or to the campaign's end."""
        end_ms = int(self._clock.now() * 1000) if campaign.ended_at_ms is None else campaign.ended_at_ms
        width_ms = _width_ms(campaign, end_ms)
        metric, growth = await self._counts.growth(campaign, width_ms)
        moments = (
            [] if metric is None else await asyncio.to_thread(_moments, campaign, metric, growth, width_ms, end_ms)
        )
        return Timeline(
            id=campaign.id,
            campaign=campaign.key,
            metric=None if metric is None else metric.key,
            better=None if metric is None else metric.better,
            data=moments,
        )


def _width_ms(campaign: Campaign, end_ms: int) -> int:
    """How long a stretch of time is, so that there are as many moments as can be paid for."""
    taken_ms = 0 if campaign.started_at_ms is None else end_ms - campaign.started_at_ms
    moments = max(MOMENTS_MIN, min(MOMENTS_MAX, INTERVALS_MAX // (len(campaign.variants) - 1)))
    return max(WIDTH_MS_MIN, -(-taken_ms // moments))


def _moments(campaign: Campaign, metric: Measured, growth: Growth, width_ms: int, end_ms: int) -> list[Moment]:
    arms = {variant.key: Arm() for variant in campaign.variants}
    moments = []
    for from_ms, came in growth.items():
        arms = {key: arm.plus(came.get(key, Arm())) for key, arm in arms.items()}
        at_ms = max(from_ms, min(from_ms + width_ms, end_ms))
        moments.append(Moment(at_ms, _standings(campaign, arms, metric), _effects(campaign, arms, metric)))
    return moments


def _standings(campaign: Campaign, arms: dict[str, Arm], metric: Measured) -> tuple[Standing, ...]:
    bar = log(len(arms) / campaign.alpha)
    return tuple(_standing(key, arm, metric.kind, bar) for key, arm in arms.items() if arm.n)


def _standing(key: str, arm: Arm, kind: Kind, bar: float) -> Standing:
    low, high = evidence(kind).interval_of(arm, bar)
    return Standing(key, arm.n, arm.mean, _finite(low), _finite(high))


def _effects(campaign: Campaign, arms: dict[str, Arm], metric: Measured) -> tuple[Effect, ...]:
    """Each variant beside the first, with the share of alpha that the report gives such a pair."""
    (first, baseline), *others = arms.items()
    bar = log(len(arms) * (len(arms) - 1) / 2 / campaign.alpha)
    made = []
    for key, arm in others:
        if baseline.n and arm.n:
            low, high = evidence(metric.kind).interval(baseline, arm, bar)
            made.append(Effect(first, key, arm.mean - baseline.mean, _finite(low), _finite(high)))
    return tuple(made)


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None
