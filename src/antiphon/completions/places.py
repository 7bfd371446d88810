"""The places of one choice: an engine is looked for, waited for, and given back, one after another."""

from __future__ import annotations

import asyncio
import math

from antiphon.errors import AntiphonError, Unavailable
from antiphon.models.ask import NOWHERE, Ask
from antiphon.models.load import Place
from antiphon.models.placement import Placement
from antiphon.models.waiting import Waiter


class Places:
    """Has at most one place at a time. `tried` engines are left out, and those that are `barred` for good."""

    def __init__(self, placement: Placement, asked: Ask) -> None:
        self._placement = placement
        self._ask = asked
        self._waiter: Waiter | None = None
        self.tried = NOWHERE
        self.barred = NOWHERE
        self.place: Place | None = None
        self._rival: Place | None = None  # at another engine, which does the same

    @property
    def waiting(self) -> bool:
        """Whether it has lined up for a place."""
        return self._waiter is not None

    @property
    def node(self) -> str:
        """The name of the engine of its place, "" while it has none."""
        return "" if self.place is None else self.place.offer.engine.name

    @property
    def hopeful(self) -> bool:
        """Whether an engine is up that has not been tried."""
        out = self.tried | self.barred
        offers = self._ask.model.offers
        return any(offer.engine.unavailable() is None and offer.engine.name not in out for offer in offers)

    def take(self) -> Place | None:
        """A place now; None when it has lined up for one. Unavailable when there is none to be waited for."""
        out = self.tried | self.barred
        place = self._placement.take(self._ask, out)
        if place is None:
            self._waiter = self._placement.line_up(self._ask, out)
            return None
        return self._taken(place)

    def free(self) -> bool:
        """Whether another engine could begin at once."""
        return self._placement.has_room(self._ask, self.tried | self.barred)

    async def wait(self, until: float) -> Place | None:
        """The place that was lined up for, None when the event loop's time is `until` first; or Unavailable."""
        waiter = self._waiter
        assert waiter is not None, "line up first"
        await asyncio.wait([waiter.future], timeout=until - asyncio.get_running_loop().time())
        if not waiter.future.done():
            return None
        self._waiter = None
        return self._taken(waiter.future.result())

    def _taken(self, place: Place) -> Place:
        self.place = place
        self.tried |= {place.offer.engine.name}
        return place

    @property
    def late_at(self) -> float:
        """When the first token from its place is late enough to ask another engine too."""
        if self.place is None:
            return math.inf
        return self.place.taken_at + self._placement.first_token_limit_s(self.place)

    @property
    def age_s(self) -> float:
        """How long it has had its place."""
        return 0.0 if self.place is None else asyncio.get_running_loop().time() - self.place.taken_at

    def take_rival(self) -> Place | None:
        """One more place for the same, that need not be waited for; None when there is none."""
        try:
            place = self._placement.take(self._ask, self.tried | self.barred)
        except Unavailable:
            return None
        if place is not None:
            self._rival = place
            self.tried |= {place.offer.engine.name}
        return place

    def settle(self, *, rival: bool, error: AntiphonError | None = None) -> None:
        """Keep one of two places: the `rival`'s, or the first. `error` is why the other one lost, if it failed."""
        winner, loser = (self._rival, self.place) if rival else (self.place, self._rival)
        self.place, self._rival = winner, None
        if loser is not None:
            if error is not None:
                self._placement.failed(loser, error)
            self._placement.give_back(loser)

    def failed(self, error: AntiphonError) -> None:
        """The engine of its place failed."""
        if self.place is not None:
            self._placement.failed(self.place, error)

    def began(self, now: float) -> None:
        """The first token came from there."""
        if self.place is not None:
            self._placement.first_token(self.place, now - self.place.taken_at)

    def succeeded(self, cached_tokens: int) -> None:
        """The answer came to its end there; so many tokens of its prompt were cached."""
        if self.place is not None:
            self._placement.succeeded(self.place, cached_tokens)

    def give_back(self) -> None:
        """Its place is for others."""
        if self.place is not None:
            self._placement.give_back(self.place)
            self.place = None

    def release(self) -> None:
        """Give back its place, and wait for none."""
        if self._waiter is not None:
            self._placement.leave(self._waiter)
            self._waiter = None
        self.settle(rival=False)
        self.give_back()
