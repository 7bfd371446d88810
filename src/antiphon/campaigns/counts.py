"""Reads what a campaign has counted, part by part: other works of the database come in between."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TypeVar

from antiphon.campaigns import aggregates, gathering, growth_store
from antiphon.campaigns.aggregates import Arms, Part, Units
from antiphon.campaigns.gathering import Gathered
from antiphon.campaigns.growth_store import Growth
from antiphon.campaigns.model import Campaign, Goal, Measure
from antiphon.db import Connection, Database
from antiphon.verdict.judge import Measured
from antiphon.verdict.picture import Point

T = TypeVar("T")


class Counts:
    """What campaigns have counted so far."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def metrics(self, campaign: Campaign, goals: Sequence[Goal]) -> tuple[tuple[Measured, ...], Units]:
        """Each of these goals as a verdict takes it, and how many units there are."""
        parts = await self._of_parts(
            campaign, lambda connection, part: gathering.gather(connection, campaign, goals, part)
        )
        whole = gathering.together(parts)
        metrics = await self._database.read(lambda connection: gathering.metrics(connection, campaign, goals, whole))
        return metrics, whole.units

    async def guarded(self, campaign: Campaign) -> dict[Measure, Arms]:
        """Every measure that a guardrail is about, with each request for itself."""
        wanted = tuple(dict.fromkeys(one.measure for one in campaign.guardrails))

        def work(connection: Connection, part: Part) -> dict[Measure, Arms]:
            return aggregates.measures_of_requests(connection, campaign, wanted, part)

        parts = await self._of_parts(campaign, work) if wanted else []
        return {one: functools.reduce(gathering.added, (part[one] for part in parts)) for one in wanted}

    async def points(self, campaign: Campaign, width_ms: int) -> list[Point]:
        """What came by the first goal, over time."""
        parts = await self._of_parts(
            campaign, lambda connection, part: gathering.sums(connection, campaign, width_ms, part)
        )
        return gathering.points(parts)

    async def growth(self, campaign: Campaign, width_ms: int) -> tuple[Measured | None, Growth]:
        """The first goal, and how its arms grew; None where there is no goal that has arms."""
        goals = campaign.goals[:1]
        if not goals or goals[0].kind == "comparison":
            return None, {}
        parts = await self._of_parts(
            campaign, lambda connection, part: gathering.grown(connection, campaign, width_ms, part)
        )
        nothing = Gathered(({},), {})
        found = await self._database.read(lambda connection: gathering.metrics(connection, campaign, goals, nothing))
        return found[0], growth_store.together(parts)

    async def _of_parts(self, campaign: Campaign, work: Callable[[Connection, Part], T]) -> list[T]:
        parts = await self._database.read(lambda connection: aggregates.parts(connection, campaign))
        return [await self._database.read(functools.partial(_turned, work, part)) for part in parts]


def _turned(work: Callable[[Connection, Part], T], part: Part, connection: Connection) -> T:
    return work(connection, part)
