"""What requests of keys that spend credit were charged, and how they ended: noted one by one, counted many at once."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from antiphon.credits.draft import Draft
from antiphon.credits.receipt import Reason
from antiphon.key import Ledger
from antiphon.observe.families import NOTED_MAX, CounterFamily


class ChargeMetrics(Collector):
    """Both counters."""

    def __init__(self) -> None:
        self._noted: list[tuple[Ledger, Reason, int]] = []
        text = "Micro-USDC charged for requests, by ledger."
        self._charged = CounterFamily("antiphon_charged_micro_usdc", text, ("ledger",))
        text = "Requests of keys that spend credit, by ledger and how they ended."
        self._ends = CounterFamily("antiphon_charged_requests", text, ("ledger", "reason"))

    def note(self, draft: Draft) -> None:
        """One request more."""
        noted = self._noted
        noted.append((draft.asked.ledger, draft.reason, draft.charged))
        if len(noted) >= NOTED_MAX:
            self._fold()

    def collect(self) -> Iterator[CounterMetricFamily]:
        """For a scrape."""
        self._fold()
        return itertools.chain(self._charged.collect(), self._ends.collect())

    def _fold(self) -> None:
        for (ledger, reason, charged), count in Counter(self._noted).items():
            self._ends.add((ledger, reason), count)
            if charged:
                self._charged.add((ledger,), charged * count)
        self._noted.clear()
