"""The time in which a request is answered that holds money: whatever happens in it, the hold ends with it."""

from __future__ import annotations

import asyncio
from types import TracebackType

from antiphon.credits.metering import Charge
from antiphon.http.exchange import Exchange


class During:
    """The time in which a request is answered that holds money."""

    def __init__(self, charges: dict[str, Charge], charge: Charge, exchange: Exchange) -> None:
        self._charges = charges
        self._charge = charge
        self._exchange = exchange

    def __enter__(self) -> None:
        """It begins."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It is over, and the hold ends as soon as it is known whether the answer stands."""
        charge, exchange = self._charge, self._exchange
        if kind is asyncio.CancelledError:
            charge.otherwise = "client_gone"
        del self._charges[charge.id]
        exchange.conclude(charge.close)
        if exchange.course is not None:
            exchange.conclude(self._tell)

    def _tell(self, stands: bool) -> None:  # noqa: ARG002 - what was held is let go of in any case
        """Who follows the request is told what it cost, once that is known."""
        charge, course = self._charge, self._exchange.course
        if course is not None and charge.ended:
            course.settled(charge.charged, asyncio.get_running_loop().time())
