"""What placement has come to, as Prometheus counters."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from antiphon.models.outcomes import Tally

COUNTERS = (
    ("antiphon_engine_saturations", "Requests that an engine would not take for now.", "saturations"),
    ("antiphon_retries", "Second attempts at an answer.", "retries"),
    ("antiphon_first_token_refusals", "Requests refused because their first token would be too late.", "refusals"),
    ("antiphon_first_token_predictions", "First tokens that were predicted and came.", "predictions"),
    ("antiphon_first_token_predicted_seconds", "Seconds predicted for them.", "predicted_s"),
    ("antiphon_first_token_waited_seconds", "Seconds that they took.", "waited_s"),
    ("antiphon_first_token_missed_seconds", "Seconds by which predictions were wrong, early or late.", "missed_s"),
    ("antiphon_prompt_tokens_placed", "Prompt tokens, about, of requests with a choice of engines.", "prompt_tokens"),
    ("antiphon_prompt_tokens_cached", "Those that were thought to be cached where they went.", "cached_tokens"),
)


class PlacementCollector(Collector):
    """Shows a tally that placement keeps."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def collect(self) -> Iterator[CounterMetricFamily]:
        """For a scrape."""
        ejections = CounterMetricFamily(
            "antiphon_engine_ejections",
            "Engines left alone for a while, by reason: failed, silent or slow.",
            labels=["reason"],
        )
        for reason in ("failed", "silent", "slow"):
            ejections.add_metric((reason,), self._tally.ejections[reason])
        yield ejections
        for name, text, field in COUNTERS:
            yield CounterMetricFamily(name, text, value=getattr(self._tally, field))
