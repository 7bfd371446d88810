"""The gateway's own placement with somebody who looks on: each place that is given, each refusal, each queue."""

from __future__ import annotations

import asyncio
from collections import Counter

from msgspec import Struct

from antiphon.errors import AntiphonError, Saturated, Unavailable
from antiphon.models.ask import NOWHERE, Ask
from antiphon.models.load import Place
from antiphon.models.placement import Placement
from antiphon.models.waiting import Waiter
from antiphon.simulation.trace import Trace

FLOOD = "flood"  # the account that asks for more than its share
MODEST = 5  # whoever was given less than such a part of it is not to wait for it
RETRIES_FLOOR, RETRIES_SHARE = 3, 0.2  # how many attempts may be further ones
BACKLOG_MIN = 4  # of its requests, for a comparison
COMPARED_MIN = 10
PASSED_MAX = 0.7


class Wait(Struct):
    """One request in a queue: what the flooding account had waiting before it, and had been given until then."""

    ask: Ask
    alone: bool  # its account had nothing else waiting
    backlog: int
    given: int


class WatchedPlacement(Placement):
    """Decides nothing by itself. `complaints` are promises that it has seen broken."""

    def __init__(self, *, queue_max: int, trace: Trace) -> None:
        super().__init__(queue_max=queue_max)
        self._trace = trace
        self._tokens_given: Counter[str] = Counter()  # by account
        self._flood_waiting = 0
        self._passed = 0
        self._ahead = 0
        self._compared = 0
        self._active: list[Place] = []
        self.places: list[Place] = []
        self.complaints: list[str] = []

    def take(self, ask: Ask, tried: frozenset[str] = NOWHERE) -> Place | None:
        """As Placement.take."""
        try:
            place = super().take(ask, tried)
        except Saturated:  # all of them have said that they are busy
            raise
        except Unavailable:
            self._refused(ask, tried)
            raise
        if place is not None:
            self._given(place)
        return place

    def failed(self, place: Place, error: AntiphonError) -> None:
        """As Placement.failed."""
        health = place.load.health
        before = health.ejected_until
        super().failed(place, error)
        if isinstance(error, Saturated) and health.ejected_until != before:
            self.complaints.append(f"health: {place.offer.engine.name} was ejected for being busy")

    def line_up(self, ask: Ask, tried: frozenset[str] = NOWHERE) -> Waiter:
        """As Placement.line_up."""
        waiter = super().line_up(ask, tried)
        queue = self._queues.of(ask.model)
        if not tried and queue is not None and len(queue) == 1 and self._nothing_runs(ask):
            self.complaints.append(f"idle: a request waits for {ask.model.id}, though no node that is up has any work")
        if queue is not None and len(queue) > self._queue_max:
            self.complaints.append(f"queue: {len(queue)} wait for {ask.model.id}, at most {self._queue_max} may")
        alone = waiter.queue.waiting(ask.account) == 1
        wait = Wait(ask, alone, self._flood_waiting, self._tokens_given[FLOOD])
        if ask.account == FLOOD:
            self._flood_waiting += ask.tokens
        waiter.future.add_done_callback(lambda future: self._served(future, wait))
        return waiter

    def _nothing_runs(self, ask: Ask) -> bool:
        """Whether nothing is done on any of the model's nodes, and none of them has said that it is busy."""
        up = [self._loads.of(each.engine.name) for each in ask.model.offers if each.engine.unavailable() is None]
        return bool(up) and not any(
            load.in_flight or load.others or load.health.busy_until > self._now() for load in up
        )

    def _served(self, future: asyncio.Future[Place], wait: Wait) -> None:
        """Somebody's turn has come, or they have left."""
        if wait.ask.account == FLOOD:
            self._flood_waiting -= wait.ask.tokens
        if future.cancelled() or future.exception() is not None:
            return
        self._given(future.result())
        modest = wait.alone and MODEST * self._tokens_given[wait.ask.account] < self._tokens_given[FLOOD]
        if modest and wait.ask.account != FLOOD and wait.backlog >= BACKLOG_MIN * wait.ask.tokens:
            self._compared += 1
            self._ahead += wait.backlog
            self._passed += min(wait.backlog, self._tokens_given[FLOOD] - wait.given)

    @property
    def unfair(self) -> str | None:
        """What is wrong with turns: others had to wait for most of what the flooding account had asked before."""
        if self._compared < COMPARED_MIN or self._passed <= PASSED_MAX * self._ahead:
            return None
        return f"{self._compared} requests of others waited for {self._passed} of {self._ahead} tokens of {FLOOD}"

    def _free(self, ask: Ask, tried: frozenset[str], *, fresh: bool = False) -> Place | None:
        """As Placement._free; who waited for the place hears of it only later, when others may have ended."""
        place = super()._free(ask, tried, fresh=fresh)
        if place is not None:
            self._active = [*(each for each in self._active if not each.over), place]
            retries = sum(each.retry and not each.begun for each in self._active)
            if place.retry and retries > max(RETRIES_FLOOR, len(self._active) * RETRIES_SHARE):
                self.complaints.append(f"retries: {retries} of {len(self._active)} requests in flight are retries")
        return place

    def _given(self, place: Place) -> None:
        self.places.append(place)
        offer = place.offer
        self._trace.note(f"place {offer.engine.name} {place.ask.account} {place.load.in_flight}")
        self._tokens_given[place.ask.account] += place.ask.tokens
        if offer.slots is not None and place.load.in_flight > offer.slots:
            self.complaints.append(f"slots: {place.load.in_flight} on {offer.engine.name}, which has {offer.slots}")

    def _refused(self, ask: Ask, tried: frozenset[str]) -> None:
        """A request that has tried nothing may be refused only when nothing is left to try."""
        if tried:
            return
        left = [offer.engine.name for offer in ask.model.offers if offer.engine.unavailable() is None]
        if left:
            self.complaints.append(f"refusal: {ask.model.id} was refused, though {left[0]} could be asked")
