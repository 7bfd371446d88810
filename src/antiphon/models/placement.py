"""Which engine gets a request: the one whose first token is predicted to come first. Counts what is in flight.

An engine gets no more requests than it generates at once, where that is known. The others wait here, for a model each,
and the accounts take turns: what one of them has waiting is little to another. A model with a single engine skips all
that only a choice needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from antiphon.errors import AntiphonError, Unavailable
from antiphon.models.affinity import Affinity
from antiphon.models.ask import NOWHERE, Ask
from antiphon.models.catalogue import Model
from antiphon.models.choice import choose, too_late
from antiphon.models.load import Load, NodeLoad, Place, is_cold
from antiphon.models.loads import Loads
from antiphon.models.outcomes import Outcomes, Tally, first_token_limit_s
from antiphon.models.overview import NodeView, overview, state
from antiphon.models.pool import Pool
from antiphon.models.refusal import hopeless, late
from antiphon.models.retry_budget import RetryBudget
from antiphon.models.waiting import RETRY_S, Queues, Waiter, busy


class Placement:
    """Chooses among offers and bounds what waits for one model. Make it where a single event loop uses it.

    `now` gives the event loop's time, unless a test or a simulation has one of its own.
    """

    def __init__(
        self, *, queue_max: int, now: Callable[[], float] | None = None, affinity: Affinity | None = None
    ) -> None:
        self.silent_since: dict[str, float] = {}  # models that have answered nobody since then, as their readers note
        self._queue_max = queue_max
        self._now = now or asyncio.get_running_loop().time
        self._affinity = affinity or Affinity()
        self._budget = RetryBudget()
        self._outcomes = Outcomes(self._budget)
        self._loads = Loads()
        self._pools: dict[str, Pool] = {}  # by the model's id; of models with something to choose
        self._queues = Queues(queue_max, loads=self._loads, now=self._now, place=self._free, refusal=self._hopeless)

    @property
    def waiting(self) -> int:
        """How many requests wait, for all models together."""
        return len(self._queues)

    @property
    def asks(self) -> int:
        """How many requests have come so far, without those that a client sent again."""
        return self._budget.asks

    @property
    def tally(self) -> Tally:
        """What has come of it so far."""
        return self._outcomes.tally

    def take(self, ask: Ask, tried: frozenset[str] = NOWHERE) -> Place | None:
        """The best offer not yet tried, counted as busy until `give_back`; None when it has to be waited for.

        Unavailable when there is none, when nobody may wait, or when the first token would surely be too late. A
        request that has tried an engine is a retry, of which there may only be so many at once.
        """
        kept = False
        if self._queues and not self._queues.came(ask):
            self._queues.serve()  # an engine that has come back told nobody
            kept = self._queues.keeps_from(ask)
        place = None if kept else self._free(ask, tried, fresh=True)
        if place is None:
            refusal = self._hopeless(ask, tried)
            if refusal is not None:
                self._budget.asks += not (tried or ask.again)
                raise refusal
            if not self._queue_max:
                raise busy(ask.model, RETRY_S)
        return place

    def has_room(self, ask: Ask, tried: frozenset[str] = NOWHERE) -> bool:
        """Whether `take` would find a place now; nothing is counted."""
        if tried and not self._budget.room:
            return False
        if ask.has_no_choice:
            return self._idle(ask, tried) is not None
        return choose(self._pool(ask, fresh=True), ask, tried, {}, self._now()) is not None

    def line_up(self, ask: Ask, tried: frozenset[str] = NOWHERE) -> Waiter:
        """Wait for a place in turn, where `take` found none.

        The future has the place in the end, or Unavailable. Whoever does not wait for it any more must `leave`.
        """
        queue = self._queues.of(ask.model)
        wait_s = None if queue is None else queue.wait_s(ask.account)
        if ask.first_token_s is not None and wait_s is not None and wait_s > ask.first_token_s:
            raise self._late(ask, wait_s)
        return self._queues.line_up(ask, tried, now_s=self._now(), served=self._loads.serve(ask))

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
        self._outcomes.ended(place)
        for candidate in place.load.candidates:
            self._pools[candidate.model].put_back(candidate)
        if self._queues:
            self._queues.serve()

    def first_token_limit_s(self, place: Place) -> float:
        """How long to wait for the attempt's first token before another engine is asked; infinite where none is."""
        return first_token_limit_s(place, self._pools.get(place.ask.model.id))

    def first_token(self, place: Place, ttft_s: float) -> None:
        """The attempt's first token came, so long after it was sent."""
        self._outcomes.heard(place)
        if place.candidate is not None:
            self._outcomes.first_token(place, self._pools[place.ask.model.id], ttft_s, self._now())
        if place.retry and self._queues:
            self._queues.serve()  # others may be retried now

    def succeeded(self, place: Place, cached_tokens: int = 0) -> None:
        """The attempt came to its proper end; so many tokens of its prompt were cached, as its engine says."""
        if place.candidate is not None:
            self._outcomes.succeeded(place, cached_tokens, self._now())
        if self.silent_since:
            self.silent_since.pop(place.ask.model.id, None)
        if self._queues:
            self._queues.left(place.ask)

    def failed(self, place: Place, error: AntiphonError) -> None:
        """The attempt came to nothing, or broke off."""
        self._outcomes.failed(place, error, self.first_token_limit_s(place), self._now())

    def observe(self, engine: str, told: NodeLoad) -> None:
        """A node says how it is."""
        self._sweep()
        load = self._loads.of(engine)
        before = load.hear(told)
        if told.prefixes:
            self._affinity.told(engine, told.prefixes)
        for candidate in load.candidates:
            candidate.cold = is_cold(candidate.offer, load)
            if told.prefill_tokens_per_s != before.prefill_tokens_per_s and not candidate.speed.learned:
                candidate.speed = self._pools[candidate.model].fresh(load)
        if self._queues:
            self._queues.serve()

    def state(self, model: Model) -> Literal["warm", "cold", "unavailable"]:
        """Whether a node can answer now, or only once it has loaded the model."""
        return state(model, self._loads)

    def overview(self, model: Model) -> list[NodeView]:
        """How each engine of the model is doing."""
        return overview(model, self._loads, self._pools.get(model.id), self._now())

    def standing(self, engine: str, factor: float) -> None:
        """How far an engine is trusted: its weight is multiplied by `factor`, and 0 keeps every request from it."""
        assert factor >= 0
        self._loads.stand(engine, factor)

    def _pool(self, ask: Ask, *, fresh: bool) -> Pool:
        """The candidates of its model, as the latest request that came knows them."""
        model = ask.model
        pool = self._pools.get(model.id)
        if pool is None:
            pool = self._pools[model.id] = Pool(model.id)
        if pool.offers is not model.offers and (fresh or not pool.offers):
            pool.renew(model.offers, self._loads)
            self._sweep()
        return pool

    def _sweep(self) -> None:
        self._loads.sweep([pool.by_name for pool in self._pools.values()])

    def _free(self, ask: Ask, tried: frozenset[str], *, fresh: bool = False) -> Place | None:
        """The best offer that need not be waited for, counted as busy. `fresh`: the request comes now, it did not wait.

        A fresh one is refused when its first token would surely be too late.
        """
        if tried and not self._budget.room:
            return None
        if ask.has_no_choice:
            load = self._idle(ask, tried)
            if load is None:
                return None
            place = Place(ask.model.offers[0], load, ask, self._now(), bool(tried))
            self._outcomes.sent(place)
            return place
        pool, now = self._pool(ask, fresh=fresh), self._now()
        cached = self._affinity.cached(ask)
        chosen = choose(pool, ask, tried, cached, now)
        if chosen is None or (tried and chosen.spare and not self._budget.may_gamble):
            return None
        late_s = too_late(chosen, ask, now) if fresh else None
        if late_s is not None:
            raise self._late(ask, late_s)
        engine = chosen.candidate.offer.engine.name
        thought_cached = min(cached.get(engine, 0), ask.prompt_tokens)
        place = chosen.place(ask, now, retry=bool(tried), thought_cached=thought_cached)
        if place.retry and chosen.spare:
            self._budget.gamble()
        self._outcomes.sent(place)
        self._affinity.placed(ask, engine)
        return place

    def _idle(self, ask: Ask, tried: frozenset[str]) -> Load | None:
        """What the model's single engine is busy with, if it can do more: there is nothing to compare."""
        offer = ask.model.offers[0]
        engine = offer.engine
        load = self._loads.of(engine.name)
        if engine.unavailable() is not None or not load.standing or engine.name in tried:
            return None
        if ask.only and engine.name not in ask.only:
            return None
        slots = load.told.slots if offer.slots is None else offer.slots
        if slots is not None and load.in_flight + load.others >= slots:
            return None
        return load

    def _hopeless(self, ask: Ask, tried: frozenset[str]) -> Unavailable | None:
        """Why there can be no place any more; None when one may become free."""
        return hopeless(ask, tried, self._loads, self._now(), gambles=self._budget.may_gamble)

    def _late(self, ask: Ask, expected_s: float) -> Unavailable:
        self.tally.refusals += 1
        return late(ask, expected_s)
