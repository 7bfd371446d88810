"""What a campaign has gathered, as the metrics that a verdict is made of. Plain functions, called within a work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from antiphon.campaigns import aggregates, growth_store
from antiphon.campaigns.aggregates import Arms, Part, Sums, Units
from antiphon.campaigns.growth_store import Growth
from antiphon.campaigns.model import MEASURES, Campaign, Goal, Measure
from antiphon.db import Connection
from antiphon.feedback import metric_store
from antiphon.feedback.model import Metric
from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Kind
from antiphon.verdict.judge import Measured, Verdict, judge
from antiphon.verdict.picture import Point

RATES: tuple[Measure, ...] = ("error_rate", "refusal_rate")
POINTS_MAX = 120  # of each variant in a picture
BUCKET_MS_MIN = 60_000


class Gathered(Struct, frozen=True):
    """What some units have come to: an arm for each goal that has any, in the order of goals, and how many they are."""

    arms: tuple[Arms, ...]
    units: Units


def kind_of(measure: Measure) -> Kind:
    """How a measure is judged: a rate is the mean of truths."""
    return "bounded" if measure in RATES else "scalar"


def all_goals(campaign: Campaign) -> tuple[Goal, ...]:
    """Every goal in its order, and every measure that is none."""
    wanted = {goal.metric for goal in campaign.goals if goal.kind == "measure"}
    return (*campaign.goals, *(Goal(measure, "measure") for measure in MEASURES if measure not in wanted))


def gather(connection: Connection, campaign: Campaign, goals: Sequence[Goal], part: Part) -> Gathered:
    """What that part of the campaign's units has come to by each goal."""
    wanted = [measure for measure in map(_measure, goals) if measure is not None]
    measured = aggregates.measures(connection, campaign, wanted, part)
    arms = tuple(_arms(connection, campaign, goal, part, measured) for goal in goals)
    return Gathered(arms, aggregates.units(connection, campaign, part))


def together(parts: Iterable[Gathered]) -> Gathered:
    """What all parts have come to."""
    arms: tuple[Arms, ...] | None = None
    units: Counter[tuple[int, str]] = Counter()
    for part in parts:
        arms = part.arms if arms is None else tuple(map(added, arms, part.arms))
        units.update(part.units)
    return Gathered(arms or (), dict(units))


def added(one: Arms, other: Arms) -> Arms:
    """The arms of two parts as one."""
    return {key: one.get(key, Arm()).plus(other.get(key, Arm())) for key in one | other}


def metrics(
    connection: Connection, campaign: Campaign, goals: Sequence[Goal], gathered: Gathered
) -> tuple[Measured, ...]:
    """Each goal as a verdict takes it."""
    return tuple(_metric(connection, campaign, goal, arms) for goal, arms in zip(goals, gathered.arms, strict=True))


def verdict(campaign: Campaign, found: Sequence[Measured], units: Units) -> Verdict:
    """The verdict on the campaign by these goals."""
    return judge(
        [variant.key for variant in campaign.variants],
        found,
        aggregates.periods(campaign, units),
        alpha=campaign.alpha,
        enough=campaign.samples_min,
        dropped=frozenset(variant.key for variant in campaign.variants if variant.dropped),
        decides=bool(campaign.goals),
    )


def bucket_ms(campaign: Campaign, now_ms: int) -> int:
    """How long the stretches of time are in a picture of the campaign."""
    taken_ms = (campaign.ended_at_ms or now_ms) - (campaign.started_at_ms or now_ms)
    return max(BUCKET_MS_MIN, taken_ms // POINTS_MAX)


def sums(connection: Connection, campaign: Campaign, width_ms: int, part: Part) -> Sums:
    """What came by the first goal, by stretches of time; of preferences nothing."""
    if not campaign.goals or campaign.goals[0].kind == "comparison":
        return {}
    goal = campaign.goals[0]
    measure = _measure(goal)
    if measure is not None:
        return aggregates.measure_points(connection, campaign, measure, width_ms, part)
    metric_id = _found(connection, campaign, goal).id
    return aggregates.points(connection, campaign, metric_id, goal.kind, width_ms, part)


def grown(connection: Connection, campaign: Campaign, width_ms: int, part: Part) -> Growth:
    """How the arms of the first goal grew, which is there and no preference."""
    goal = campaign.goals[0]
    measure = _measure(goal)
    if measure is not None:
        return growth_store.of_measure(connection, campaign, measure, width_ms, part)
    return growth_store.of_scores(
        connection, campaign, _found(connection, campaign, goal).id, goal.kind, width_ms, part
    )


def points(parts: Iterable[Sums]) -> list[Point]:
    """The points of all parts, in the order of time."""
    whole: Sums = {}
    for part in parts:
        for place, (n, total) in part.items():
            before = whole.get(place, (0, 0.0))
            whole[place] = (before[0] + n, before[1] + total)
    return [Point(variant, from_ms, n, total / n) for (from_ms, variant), (n, total) in sorted(whole.items())]


def _measure(goal: Goal) -> Measure | None:
    return next((one for one in MEASURES if goal.kind == "measure" and one == goal.metric), None)


def _arms(connection: Connection, campaign: Campaign, goal: Goal, part: Part, measured: dict[Measure, Arms]) -> Arms:
    measure = _measure(goal)
    if measure is not None:
        return measured[measure]
    if goal.kind == "comparison":
        return {}
    return aggregates.scores(connection, campaign, _found(connection, campaign, goal).id, goal.kind, part)


def _metric(connection: Connection, campaign: Campaign, goal: Goal, arms: Arms) -> Measured:
    measure = _measure(goal)
    if measure is not None:  # of every measure, less is better
        return Measured(key=measure, kind=kind_of(measure), better="lower", source=goal.kind, arms=arms)
    metric = _found(connection, campaign, goal)
    if goal.kind == "comparison":
        names = [variant.key for variant in campaign.variants]
        tallies = aggregates.preferences(connection, campaign.id, metric.id, names)
        return Measured(key=goal.metric, kind="preference", source=goal.kind, tallies=tallies)
    return Measured(
        key=goal.metric,
        kind="bounded" if metric.kind == "BOOL" else "scalar",
        better="higher" if metric.scoring_type == "HIGHER_IS_BETTER" else "lower",
        source=goal.kind,
        arms=arms,
    )


def _found(connection: Connection, campaign: Campaign, goal: Goal) -> Metric:
    metric = metric_store.find(connection, campaign.account, goal.metric)
    assert metric is not None, "metrics are never deleted, and a campaign is made with those that are there"
    return metric
