"""What a campaign has gathered, as the metrics that a verdict is made of. Plain functions, called within a work."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.campaigns import aggregates
from antiphon.campaigns.aggregates import Arms
from antiphon.campaigns.model import MEASURES, Campaign, Goal, Measure
from antiphon.db import Connection
from antiphon.feedback import metric_store
from antiphon.verdict.compare import Kind
from antiphon.verdict.judge import Measured
from antiphon.verdict.picture import Point

RATES: tuple[Measure, ...] = ("error_rate", "refusal_rate")
POINTS_MAX = 120  # of each variant in a picture
BUCKET_MS_MIN = 60_000


def kind_of(measure: Measure) -> Kind:
    """How a measure is judged: a rate is the mean of truths."""
    return "bounded" if measure in RATES else "scalar"


def all_metrics(connection: Connection, campaign: Campaign) -> list[Measured]:
    """Every goal in its order, and every measure that is none."""
    wanted = {goal.metric for goal in campaign.goals if goal.kind == "measure"}
    others = [Goal(measure, "measure") for measure in MEASURES if measure not in wanted]
    return _gathered(connection, campaign, [*campaign.goals, *others])


def deciding_metric(connection: Connection, campaign: Campaign) -> list[Measured]:
    """The first goal alone, none where there is none."""
    return _gathered(connection, campaign, campaign.goals[:1])


def points(connection: Connection, campaign: Campaign, now_ms: int) -> list[Point]:
    """What was gathered by the first goal, over the time that the campaign has had."""
    begin_ms = campaign.started_at_ms
    if begin_ms is None or not campaign.goals:
        return []
    bucket_ms = max(BUCKET_MS_MIN, ((campaign.ended_at_ms or now_ms) - begin_ms) // POINTS_MAX)
    goal = campaign.goals[0]
    measure = _measure(goal)
    if measure is not None:
        return aggregates.measure_points(connection, campaign.id, measure, bucket_ms)
    metric = metric_store.find(connection, campaign.account, goal.metric)
    if metric is None or goal.kind == "comparison":
        return []
    return aggregates.points(connection, campaign.id, metric.id, goal.kind, bucket_ms)


def _gathered(connection: Connection, campaign: Campaign, goals: Sequence[Goal]) -> list[Measured]:
    wanted = [measure for measure in map(_measure, goals) if measure is not None]
    measured = aggregates.measures(connection, campaign.id, wanted)
    found = []
    for goal in goals:
        measure = _measure(goal)
        one = _said(connection, campaign, goal) if measure is None else _measured(measure, measured[measure])
        found.append(one)
    return found


def _measure(goal: Goal) -> Measure | None:
    return next((one for one in MEASURES if goal.kind == "measure" and one == goal.metric), None)


def _measured(measure: Measure, arms: Arms) -> Measured:
    """Of every measure less is better."""
    return Measured(key=measure, kind=kind_of(measure), better="lower", source="measure", arms=arms)


def _said(connection: Connection, campaign: Campaign, goal: Goal) -> Measured:
    metric = metric_store.find(connection, campaign.account, goal.metric)
    assert metric is not None, "metrics are never deleted, and a campaign is made with those that are there"
    if goal.kind == "comparison":
        names = [variant.key for variant in campaign.variants]
        tallies = aggregates.preferences(connection, campaign.id, metric.id, names)
        return Measured(key=goal.metric, kind="preference", source=goal.kind, tallies=tallies)
    return Measured(
        key=goal.metric,
        kind="bounded" if metric.kind == "BOOL" else "scalar",
        better="higher" if metric.scoring_type == "HIGHER_IS_BETTER" else "lower",
        source=goal.kind,
        arms=aggregates.scores(connection, campaign.id, metric.id, goal.kind),
    )
