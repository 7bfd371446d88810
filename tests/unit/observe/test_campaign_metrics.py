"""Requests of campaigns, as they are counted for a scrape."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from antiphon.campaigns.aggregates import Counted
from antiphon.observe.campaign_metrics import CAMPAIGNS_MAX, OTHERS, CampaignMetrics


def values(registry: CollectorRegistry, name: str) -> dict[tuple[str, ...], float]:
    """The samples of that name, by campaign, variant and outcome."""
    samples = [sample for family in registry.collect() for sample in family.samples if sample.name == name]
    return {tuple(sample.labels.values()): sample.value for sample in samples}


def counted(
    *, variant: str = "a", latency_ms: float | None = 5.0, failed: bool = False, refused: bool = False
) -> Counted:
    """What one request of a campaign came to."""
    return Counted(
        campaign_id="camp_1",
        answer_id="chatcmpl-1",
        variant=variant,
        unit=7,
        at_ms=0,
        latency_ms=latency_ms,
        ttft_ms=None,
        cost_micro_usdc=0,
        prompt_tokens=1,
        completion_tokens=1,
        failed=failed,
        refused=refused,
    )


def test_requests_are_counted_by_variant_and_outcome() -> None:
    """And those that are lost to their campaign."""
    registry = CollectorRegistry()
    metrics = CampaignMetrics(registry)
    metrics.watch_running(lambda: 2)
    metrics.took_part("tone", counted())
    metrics.took_part("tone", counted(variant="b", latency_ms=None))
    metrics.took_part("tone", counted(variant="b", latency_ms=None, failed=True))
    metrics.took_part("tone", counted(refused=True))
    metrics.lost(3)
    assert values(registry, "antiphon_campaign_requests_total") == {
        ("tone", "a", "answered"): 1,
        ("tone", "b", "left"): 1,
        ("tone", "b", "failed"): 1,
        ("tone", "a", "refused"): 1,
    }
    assert values(registry, "antiphon_campaign_requests_lost_total") == {(): 3}
    assert values(registry, "antiphon_campaigns_running") == {(): 2}


def test_so_many_campaigns_are_told_apart() -> None:
    """Whoever makes very many does not fill the memory of whoever scrapes."""
    registry = CollectorRegistry()
    metrics = CampaignMetrics(registry)
    for number in range(CAMPAIGNS_MAX + 2):
        metrics.took_part(f"campaign-{number}", counted())
    found = values(registry, "antiphon_campaign_requests_total")
    assert len(found) == CAMPAIGNS_MAX + 1
    assert found[OTHERS, "a", "answered"] == 2
