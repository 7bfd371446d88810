"""Which engine gets a request: the live offer with the least work for its weight. Counts what is in flight.

An engine gets no more requests than it generates at once, where that is known. The others wait here, for a model each,
and the accounts take turns: what one of them has waiting is little to another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from antiphon.errors import AntiphonError, Unavailable
from antiphon.models.ask import NOWHERE, Ask
from antiphon.models.catalogue import Offer
from antiphon.models.load import Load, NodeLoad, Place
from antiphon.models.waiting import RETRY_S, Queues, Waiter, busy

FIRST_TOKEN_S_MAX = 10.0  # what is still silent then is taken for frozen, where another engine could do it


class Placement:
    """Chooses among offers and bounds what waits for one model. Make it where a single event loop uses it.

    `now` gives the event loop's time, unless a test or a simulation has one of its own.
    """

    def __init__(self, *, queue_max: int, now: Callable[[], float] | None = None) -> None:
        self._queue_max = queue_max
        self._now = now or asyncio.get_running_loop().time
        self._loads: dict[str, Load] = {}
        self._told: dict[str, NodeLoad] = {}
        self._standings: dict[str, float] = {}
        self._queues = Queues(queue_max, place=self._free, refusal=self._refusal)

    @property
    def waiting(self) -> int:
        """How many requests wait, for all models together."""
        return len(self._queues)

    def take(self, ask: Ask, tried: frozenset[str] = NOWHERE) -> Place | None:
        """The best offer not yet tried, counted as busy until `give_back`; None when it has to be waited for.

        Unavailable when there is none, or when nobody may wait. A request that has tried an engine is a retry.
        """
        if self._queues:
            self._queues.serve()  # an engine that has come back told nobody
        place = self._free(ask, tried)
        if place is None:
            refusal = self._refusal(ask, tried)
            if refusal is not None:
                raise refusal
            if not self._queue_max:
                raise busy(ask.model, RETRY_S)
        return place

    def line_up(self, ask: Ask, tried: frozenset[str] = NOWHERE) -> Waiter:
        """Wait for a place in turn, where `take` found none.

        The future has the place in the end, or Unavailable. Whoever does not wait for it any more must `leave`.
        """
        return self._queues.line_up(ask, tried, now_s=self._now(), served=self._serves(ask))

    async def wait(self, ask: Ask, tried: frozenset[str] = NOWHERE) -> Place:
        """As `line_up`, and wait until the end."""
        waiter = self.line_up(ask, tried)
        try:
            return await waiter.future
        except asyncio.CancelledError:
            self.leave(waiter)
            raise

    def leave(self, waiter: Waiter) -> None:
        """Wait no longer; a place that was given meanwhile is for others."""
        future = waiter.future
        if not future.done() or future.cancelled():
            future.cancel()
            self._queues.discard(waiter)
        elif future.exception() is None:
            self.give_back(future.result())

    def give_back(self, place: Place) -> None:
        """The attempt is over, whatever came of it; saying so again does nothing."""
        if place.over:
            return
        place.over = True
        load, account = place.load, place.ask.account
        load.in_flight -= 1
        by_account = load.by_account
        if account in by_account:
            if by_account[account] > 1:
                by_account[account] -= 1
            else:
                del by_account[account]
        if self._queues:
            self._queues.serve()

    def first_token_limit_s(self, place: Place) -> float:  # noqa: ARG002 - what is known of the engine will shorten it
        """How long to wait for the attempt's first token before another engine is asked."""
        return FIRST_TOKEN_S_MAX

    def first_token(self, place: Place, ttft_s: float) -> None:  # noqa: ARG002 - prediction will learn from it
        """The attempt's first token came, so long after it was sent."""
        place.begun = True

    def succeeded(self, place: Place) -> None:
        """The attempt came to its proper end."""

    def failed(self, place: Place, error: AntiphonError) -> None:
        """The attempt came to nothing, or broke off."""

    def observe(self, engine: str, told: NodeLoad) -> None:
        """A node says how it is."""
        self._told[engine] = told

    def standing(self, engine: str, factor: float) -> None:
        """How far an engine is trusted: its weight is multiplied by `factor`, and 0 keeps every request from it."""
        assert factor >= 0
        self._standings[engine] = factor

    def _free(self, ask: Ask, tried: frozenset[str]) -> Place | None:
        """The best offer that need not be waited for, counted as busy."""
        best: tuple[float, Offer, Load] | None = None
        for offer in ask.model.offers:
            engine = offer.engine
            if engine.unavailable() is not None or engine.name in tried:
                continue
            standing = self._standings.get(engine.name, 1.0)
            if not standing:
                continue
            load = self._loads.get(engine.name)
            if load is None:
                load = self._loads[engine.name] = Load()
            if offer.slots is not None and load.in_flight >= offer.slots:
                continue
            cost = load.in_flight / (offer.weight * standing)
            if best is None or cost < best[0]:
                best = (cost, offer, load)
        if best is None:
            return None
        _, offer, load = best
        load.in_flight += 1
        if offer.slots is not None:
            load.by_account[ask.account] = load.by_account.get(ask.account, 0) + 1
        return Place(offer, load, ask, self._now(), bool(tried))

    def _refusal(self, ask: Ask, tried: frozenset[str]) -> Unavailable | None:
        """Why there can be no place any more; None when one may become free."""
        for offer in ask.model.offers:
            name = offer.engine.name
            if offer.engine.unavailable() is None and name not in tried and self._standings.get(name, 1.0):
                return None
        try:
            ask.model.require_live()
        except Unavailable as error:
            return error
        return busy(ask.model, RETRY_S)

    def _serves(self, ask: Ask) -> bool:
        """Whether an engine of the model is busy with something of that account."""
        for offer in ask.model.offers:
            load = self._loads.get(offer.engine.name)
            if load is not None and ask.account in load.by_account:
                return True
        return False
