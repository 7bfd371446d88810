"""What becomes of requests that take part in campaigns, as Prometheus counts it."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from antiphon.campaigns.aggregates import Counted
from antiphon.observe.families import CounterFamily

CAMPAIGNS_MAX = 200  # that are told apart
OTHERS = "_others"


class CampaignMetrics:
    """Those of one gateway."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = CounterFamily(
            "antiphon_campaign_requests",
            "Requests that took part in a campaign, by campaign, variant and outcome: answered, failed, refused, left.",
            ("campaign", "variant", "outcome"),
        )
        registry.register(self._requests)
        self._lost = Counter(
            "antiphon_campaign_requests_lost",
            "Requests of campaigns whose counts did not reach the database.",
            registry=registry,
        )
        self._running = Gauge(
            "antiphon_campaigns_running", "Campaigns that run, as this gateway knows them.", registry=registry
        )
        self._shown: set[str] = set()

    def took_part(self, campaign: str, counted: Counted) -> None:
        """Count a request; of very many campaigns, the later ones are shown as one."""
        shown = self._shown
        if campaign not in shown:
            if len(shown) < CAMPAIGNS_MAX:
                shown.add(campaign)
            else:
                campaign = OTHERS
        answered = "answered" if counted.latency_ms is not None else "left"
        outcome = "failed" if counted.failed else "refused" if counted.refused else answered
        self._requests.add((campaign, counted.variant, outcome))

    def lost(self, count: int) -> None:
        """Count requests that are lost to their campaigns."""
        self._lost.inc(count)

    def watch_running(self, count: Callable[[], int]) -> None:
        """Show, from now on, how many campaigns run."""
        self._running.set_function(count)
