"""Requests that pay, and requests that do not: what tests of completions need of the books."""

from __future__ import annotations

from typing import Any

from antiphon.clock import ManualClock
from antiphon.completions.charging import Charging
from antiphon.credits.metering import Meter
from antiphon.credits.receipt import Receipt
from antiphon.credits.service import Credits
from antiphon.db import Work
from tests.unit.credits.asking import receipt_of


class Nowhere:
    """A database that nobody may ask."""

    healthy = True

    async def read(self, work: Work[Any]) -> Any:  # Any: a work returns what it likes
        """Never."""
        raise AssertionError(work)

    async def write(self, work: Work[Any]) -> Any:  # Any: a work returns what it likes
        """Never."""
        raise AssertionError(work)

    async def close(self) -> None:
        """There is nothing to close."""


class Till:
    """Charging over a gateway's books, and what it told."""

    def __init__(self, gateway: Credits) -> None:
        self.gateway = gateway
        self._receipts: list[Receipt] = []
        self.refused = 0
        self.charging = Charging(
            Meter(
                gateway.leases,
                gateway.budgets,
                clock=ManualClock(),
                on_refused=self._refuse,
                on_receipt=lambda draft: self._receipts.append(receipt_of(draft)),
            )
        )

    @property
    def receipts(self) -> list[Receipt]:
        """Those of the requests that have ended."""
        self.gateway.leases.settlements.put_together()
        return self._receipts

    def _refuse(self) -> None:
        self.refused += 1


def uncharged() -> Charging:
    """Charging for those who pay nothing: the books are never asked."""
    return Till(Credits(Nowhere(), gateway="none", clock=ManualClock(), on_lost=lambda *_: None)).charging
