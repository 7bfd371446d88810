"""What requests of keys that spend credit were charged, and how they ended: noted one by one, counted many at once."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter

from prometheus_client import CollectorRegistry

from antiphon.credits.draft import Draft
from antiphon.credits.receipt import Reason
from antiphon.key import Ledger
from antiphon.observe.families import NOTED_MAX, CounterFamily

TOLD = attrgetter("asked.ledger", "reason", "charged")


class ChargeMetrics:
    """Those of one gateway."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._noted: list[tuple[Ledger, Reason, int]] = []
        self._charged = CounterFamily(
            "antiphon_charged_micro_usdc",
            "Micro-USDC charged for requests, by ledger.",
            ("ledger",),
            before=self._fold,
        )
        self._ends = CounterFamily(
            "antiphon_charged_requests",
            "Requests of keys that spend credit, by ledger and how they ended.",
            ("ledger", "reason"),
            before=self._fold,
        )
        registry.register(self._charged)
        registry.register(self._ends)

    def note(self, draft: Draft) -> None:
        """One request more."""
        noted = self._noted
        noted.append(TOLD(draft))
        if len(noted) >= NOTED_MAX:
            self._fold()

    def _fold(self) -> None:
        for (ledger, reason, charged), count in Counter(self._noted).items():
            self._ends.add((ledger, reason), count)
            if charged:
                self._charged.add((ledger,), charged * count)
        self._noted.clear()
