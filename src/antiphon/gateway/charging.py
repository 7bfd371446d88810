"""Puts together what charges requests."""

from __future__ import annotations

from antiphon.clock import Clock
from antiphon.completions.charging import Charging
from antiphon.credits.metering import Meter, Nodes
from antiphon.gateway.storage import Storage
from antiphon.observe.metrics import Metrics


def charging(storage: Storage, metrics: Metrics, *, nodes: Nodes, clock: Clock) -> Charging:
    """Charges requests out of the gateway's books, and counts what was charged; `nodes` knows who earns of it."""
    leases = storage.credits.leases
    metrics.watch_holds(lambda: leases.open_holds)
    return Charging(
        Meter(
            leases,
            storage.credits.budgets,
            clock=clock,
            on_refused=metrics.refused,
            on_receipt=metrics.charged,
            nodes=nodes,
        )
    )
