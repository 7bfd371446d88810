"""What a campaign has gathered by the goal that decides it, and the verdict on that."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from antiphon.campaigns import aggregates
from antiphon.campaigns.model import MEASURES, Campaign, Goal
from antiphon.db import Connection, Database
from antiphon.feedback import metric_store
from antiphon.feedback.model import Metric
from antiphon.verdict.compare import Better, Kind, Tally
from antiphon.verdict.judge import Measured, Verdict, judge

RATES = ("error_rate", "refusal_rate")
Tallies = Mapping[tuple[str, str], Tally]


class Gathered(Struct, frozen=True):
    """The verdict by the first goal; `tallies` are those of a preference, by pairs of variants' keys."""

    verdict: Verdict
    metric_id: str | None = None
    tallies: Tallies = {}


class Gathering:
    """Reads what there is of campaigns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, campaign: Campaign) -> Gathered:
        """What there is of one, in one snapshot."""
        return await self._database.read(lambda connection: _gathered(connection, campaign))


def _gathered(connection: Connection, campaign: Campaign) -> Gathered:
    variants = [variant.key for variant in campaign.variants]
    goal = campaign.goals[0] if campaign.goals else None
    named = goal is not None and goal.kind != "measure"
    metric = metric_store.find(connection, campaign.account, goal.metric) if goal is not None and named else None
    measured = None if goal is None else _measured(connection, campaign, goal, metric, variants)
    verdict = judge(
        variants,
        () if measured is None else (measured,),
        aggregates.periods(connection, campaign),
        alpha=campaign.alpha,
        enough=campaign.samples_min,
        dropped=frozenset(variant.key for variant in campaign.variants if variant.dropped),
    )
    return Gathered(verdict, None if metric is None else metric.id, {} if measured is None else measured.tallies)


def _measured(
    connection: Connection, campaign: Campaign, goal: Goal, metric: Metric | None, variants: list[str]
) -> Measured | None:
    """What there is by that goal; None where its metric is no more."""
    if metric is None:
        return _measure(connection, campaign, goal)
    better: Better = "higher" if metric.scoring_type == "HIGHER_IS_BETTER" else "lower"
    if goal.kind == "comparison":
        tallies = aggregates.preferences(connection, campaign.id, metric.id, variants)
        return Measured(key=metric.key, kind="preference", tallies=tallies)
    arms = aggregates.scores(connection, campaign.id, metric.id, goal.kind)
    kind: Kind = "bounded" if metric.kind == "BOOL" else "scalar"
    return Measured(key=metric.key, kind=kind, better=better, arms=arms)


def _measure(connection: Connection, campaign: Campaign, goal: Goal) -> Measured | None:
    wanted = [one for one in MEASURES if one == goal.metric and goal.kind == "measure"]
    if not wanted:
        return None
    arms = aggregates.measures(connection, campaign.id, wanted)[wanted[0]]
    return Measured(key=goal.metric, kind="bounded" if goal.metric in RATES else "scalar", better="lower", arms=arms)
