"""Metrics are made once, and found by id or key in their own account."""

from __future__ import annotations

import pytest

from antiphon.errors import BadRequest, Conflict, NotFound
from antiphon.feedback import metrics as metrics_module
from antiphon.feedback.metrics import FeedbackMetrics
from antiphon.interactions.service import Interactions
from tests.unit.feedback.said import FOREIGN, LIKED, metric


async def test_a_metric_is_made(metrics: FeedbackMetrics) -> None:
    """It gets an id and a time of its own."""
    made = await metrics.create(metric("", "liked", description="Thumbs", scoring_type="LOWER_IS_BETTER"))
    assert len(made.id) == 36
    assert made.created_at_ms == 1_700_000_000_000
    assert await metrics.get("ann", "liked") == await metrics.get("ann", made.id) == made
    assert await metrics.list("ann") == (made,)
    assert await metrics.list("bob") == ()


async def test_a_metric_that_cannot_be_made(metrics: FeedbackMetrics, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad key, a key that is taken, one too many."""
    with pytest.raises(BadRequest):
        await metrics.create(metric("", "a b"))
    await metrics.create(metric("", "liked"))
    with pytest.raises(Conflict, match="^key: there is a metric 'liked' already.$"):
        await metrics.create(metric("", "liked"))
    monkeypatch.setattr(metrics_module, "METRICS_MAX", 1)
    with pytest.raises(Conflict, match="not kept"):
        await metrics.create(metric("", "other"))


async def test_a_foreign_metric_is_like_none(metrics: FeedbackMetrics, interactions: Interactions) -> None:
    """By its id as by its key, under the code that the Adaptive door tells its clients by."""
    assert (await metrics.get("ann", "liked")).id == LIKED
    for name in (FOREIGN, "other", "a\0"):
        with pytest.raises(NotFound, match="^The metric '.*' does not exist.$") as refused:
            await metrics.get("ann", name)
        assert (refused.value.param, refused.value.code) == ("metric", "metric_not_found")
