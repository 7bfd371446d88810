"""Metrics as the schema shows them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from antiphon.feedback.model import Metric
from antiphon.feedback.scores import Used
from antiphon.graphql.summaries import ProjectSummary


class MetricView(Struct, frozen=True):
    """A metric of the caller's account, which is one of each of its projects."""

    id: str
    key: str
    name: str
    kind: str
    description: str
    scoring_type: str
    created_at: int
    has_direct_scores: bool = False
    has_comparison_scores: bool = False
    projects: tuple[ProjectSummary, ...] = ()


def shown(metric: Metric, used: Used, projects: Sequence[ProjectSummary]) -> MetricView:
    """A metric with what it has been used for."""
    return MetricView(
        metric.id,
        metric.key,
        metric.name,
        metric.kind,
        metric.description,
        metric.scoring_type,
        metric.created_at_ms,
        metric.id in used.direct,
        metric.id in used.comparison,
        tuple(projects),
    )
