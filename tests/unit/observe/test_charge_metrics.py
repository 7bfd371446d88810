"""Charges, as they are counted for a scrape."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from antiphon.observe.charge_metrics import ChargeMetrics
from antiphon.observe.families import NOTED_MAX
from tests.unit.credits.asking import draft


def values(registry: CollectorRegistry, name: str) -> dict[tuple[str, ...], float]:
    """The samples of that name, by their labels."""
    samples = [sample for family in registry.collect() for sample in family.samples if sample.name == name]
    return {tuple(sample.labels.values()): sample.value for sample in samples}


def test_many_are_counted_at_once() -> None:
    """None is missing and none counts twice, however often somebody looks between them."""
    registry = CollectorRegistry()
    metrics = ChargeMetrics(registry)
    many = 2 * NOTED_MAX + 7
    for number in range(many):
        metrics.note(draft(charged=number % 3, reason="delivered" if number % 3 else "failed"))
        if number % 100 == 0:
            values(registry, "antiphon_charged_requests_total")
    failed = len(range(0, many, 3))
    assert values(registry, "antiphon_charged_micro_usdc_total") == {("USDC",): sum(n % 3 for n in range(many))}
    assert values(registry, "antiphon_charged_requests_total") == {
        ("USDC", "failed"): failed,
        ("USDC", "delivered"): many - failed,
    }


def test_what_was_free_is_no_sum() -> None:
    """A ledger out of which nothing was charged is not shown with a zero."""
    registry = CollectorRegistry()
    metrics = ChargeMetrics(registry)
    metrics.note(draft(charged=0, reason="free"))
    assert values(registry, "antiphon_charged_micro_usdc_total") == {}
