"""Campaigns as the schema shows them: A/B tests between models. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from antiphon.campaigns.model import Campaign, Goal, Variant
from antiphon.graphql.inputs import CampaignStatus, ScoreType
from antiphon.graphql.metric_views import MetricView
from antiphon.graphql.summaries import ModelSummary, ProjectSummary
from antiphon.verdict.compare import Comparison, Tally
from antiphon.verdict.judge import MetricVerdict, Standing, Verdict

NO_KEY = re.compile(r"[^A-Za-z0-9._:-]")  # what models' names hold, and variants' keys do not


class Interval(Struct, frozen=True):
    """What the mean may be, and what it is."""

    start: float
    middle: float
    end: float


class ComparisonView(Struct, frozen=True):
    """How often a variant was preferred to another one."""

    variant: ModelSummary
    scores: int
    wins: int
    losses: int
    ties_good: int
    ties_bad: int


class VariantReport(Struct, frozen=True):
    """One variant by what decides."""

    variant: ModelSummary
    interval: Interval | None
    scores: int
    comparisons: list[ComparisonView] | None


class Report(Struct, frozen=True):
    """All variants by what decides; `p_value` is that of the clearest difference, corrected for the others."""

    p_value: float | None
    variants: list[VariantReport]


class CampaignView(Struct, frozen=True):
    """A campaign."""

    id: str
    key: str
    name: str
    status: CampaignStatus
    begin_date: int
    end_date: int | None
    score_type: ScoreType
    traffic_split: float
    auto_deploy: bool
    metric: MetricView | None
    project: ProjectSummary | None
    models: list[ModelSummary]
    scores: int
    has_enough_scores: bool
    report: Report | None


def shown(
    campaign: Campaign, verdict: Verdict, metric: MetricView | None, project: ProjectSummary | None
) -> CampaignView:
    """A campaign with what it has gathered."""
    by_goal = verdict.metrics[0] if verdict.metrics else None
    warming = verdict.status in ("warming_up", "no_goal")
    return CampaignView(
        id=campaign.id,
        key=campaign.key,
        name=campaign.name,
        status=status(campaign, warming=warming),
        begin_date=campaign.started_at_ms or campaign.created_at_ms,
        end_date=campaign.ended_at_ms,
        score_type=_score_type(campaign.goals),
        traffic_split=campaign.share,
        auto_deploy=campaign.deploys,
        metric=metric,
        project=project,
        models=[_model(campaign, variant) for variant in campaign.variants],
        scores=_scores(by_goal),
        has_enough_scores=not warming,
        report=None if by_goal is None else _report(campaign, by_goal),
    )


def status(campaign: Campaign, *, warming: bool) -> CampaignStatus:
    """The status in the schema's words."""
    if campaign.status == "draft":
        return "WARMUP"
    if campaign.status in ("running", "paused"):
        return "WARMUP" if warming else "IN_PROGRESS"
    return "CANCELLED" if campaign.ending is None or campaign.ending.reason == "by_hand" else "DONE"


def active(campaign: Campaign) -> bool:
    """Whether requests take part, or may again."""
    return campaign.status in ("running", "paused")


def variants(models: Sequence[str]) -> tuple[Variant, ...]:
    """A variant for each model, with the same chance."""
    keys: list[str] = []
    for model in models:
        key = NO_KEY.sub("-", model).lstrip("-._:")[:60] or "model"
        keys.append(key if key not in keys else f"{key}-{len(keys)}")
    return tuple(
        Variant(id="", key=key, name=model[:200], model=model) for key, model in zip(keys, models, strict=True)
    )


def _score_type(goals: Sequence[Goal]) -> ScoreType:
    return "COMPARISON" if goals and goals[0].kind == "comparison" else "DIRECT"


def _model(campaign: Campaign, variant: Variant) -> ModelSummary:
    """The model that a variant stands for, where it is the only one of that model."""
    models = [one.model for one in campaign.variants]
    if variant.model is None or models.count(variant.model) > 1:
        return ModelSummary(variant.id, variant.key, variant.name)
    return ModelSummary(variant.model, variant.model, variant.name)


def _scores(by_goal: MetricVerdict | None) -> int:
    """All values, or all comparisons, in which two variants take part each."""
    if by_goal is None:
        return 0
    if by_goal.kind == "preference":
        return sum(_compared(one.tally) for one in by_goal.comparisons)
    return sum(one.n for one in by_goal.standings)


def _report(campaign: Campaign, by_goal: MetricVerdict) -> Report | None:
    if not _scores(by_goal):
        return None
    names = {variant.key: _model(campaign, variant) for variant in campaign.variants}
    compares = by_goal.kind == "preference"
    reports = [
        VariantReport(
            names[one.variant],
            _interval(one),
            one.n,
            _comparisons(one.variant, by_goal.comparisons, names) if compares else None,
        )
        for one in by_goal.standings
    ]
    return Report(min((one.p_value for one in by_goal.comparisons), default=None), reports)


def _interval(standing: Standing) -> Interval | None:
    if standing.mean is None or standing.low is None or standing.high is None:
        return None
    return Interval(standing.low, standing.mean, standing.high)


def _comparisons(
    variant: str, comparisons: Sequence[Comparison], names: dict[str, ModelSummary]
) -> list[ComparisonView]:
    found = []
    for one in comparisons:
        tally = one.tally
        if variant not in (one.first, one.second) or tally is None:
            continue
        is_first = variant == one.first
        wins, losses = (tally.first, tally.second) if is_first else (tally.second, tally.first)
        other = names[one.second if is_first else one.first]
        good, bad = tally.ties - tally.ties_bad, tally.ties_bad
        found.append(ComparisonView(other, _compared(tally), wins, losses, good, bad))
    return found


def _compared(tally: Tally | None) -> int:
    return 0 if tally is None else tally.first + tally.second + tally.ties
