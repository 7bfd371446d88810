"""Which engine gets a request: the live offer with the least work for its weight. Counts what is in flight.

An engine gets no more requests than it generates at once, where that is known. The others wait here, for a model each,
and the accounts take turns: what one of them has waiting is little to another. A queue that is full refuses whoever
has most in it.
"""

from __future__ import annotations

import asyncio
import math

import msgspec
from msgspec import Struct

from antiphon.errors import Unavailable
from antiphon.models.catalogue import Model, Offer
from antiphon.models.fair_queue import FairQueue, Ticket

RETRY_S = 2  # when a full queue has not told yet how fast it moves
RETRY_S_MAX = 60
GAP_WEIGHT = 0.1  # of the latest gap between two turns, in their running mean


class Load(Struct):
    """Requests that one engine is busy with; by account where its slots are known."""

    in_flight: int = 0
    by_account: dict[str, int] = msgspec.field(default_factory=dict)


Place = tuple[Offer, Load]


class Waiter:
    """A request that waits for a place, on an engine that it has not tried."""

    __slots__ = ("future", "model", "queue", "ticket", "tried")

    def __init__(
        self, model: Model, tried: frozenset[str], account: str, tokens: int, *, queue: Queue, served: bool
    ) -> None:
        self.model = model
        self.tried = tried
        self.future: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self.queue = queue
        self.ticket: Ticket = queue.put(account, max(1, tokens), self, served=served)


class Queue(FairQueue[Waiter]):
    """What waits for one model, and how fast it moves."""

    def __init__(self, now_s: float) -> None:
        super().__init__()
        self._moved_at = now_s
        self._gap_s: float | None = None

    def moved(self, now_s: float) -> None:
        """Somebody had their turn."""
        gap_s = now_s - self._moved_at
        self._gap_s = gap_s if self._gap_s is None else self._gap_s + GAP_WEIGHT * (gap_s - self._gap_s)
        self._moved_at = now_s

    @property
    def empty_in_s(self) -> int:
        """How long it will take until all have had their turn, in whole seconds that a client may be told."""
        if self._gap_s is None:
            return RETRY_S
        return min(RETRY_S_MAX, max(1, math.ceil(self._gap_s * len(self))))


class Placement:
    """Chooses among offers and bounds what waits for one model. Make it where a single event loop uses it."""

    def __init__(self, *, queue_max: int) -> None:
        self._queue_max = queue_max
        self._loads: dict[str, Load] = {}
        self._queues: dict[str, Queue] = {}  # by the model's id; none is empty

    @property
    def waiting(self) -> int:
        """How many requests wait, for all models together."""
        return sum(map(len, self._queues.values()))

    def take(self, model: Model, tried: frozenset[str] = frozenset(), account: str = "") -> Place | None:
        """The best offer not yet tried, counted as busy until `give_back`; None when it has to be waited for.

        Unavailable when there is none, or when nobody may wait.
        """
        if self._queues:
            self._serve()  # an engine that has come back told nobody
        place = self._free(model, tried, account)
        if place is None and not (self._queue_max and _hopeful(model, tried)):
            model.require_live()
            raise _busy(model, RETRY_S)
        return place

    def line_up(self, model: Model, tried: frozenset[str], account: str, tokens: int) -> Waiter:
        """Wait for a place in turn, where `take` found none; `tokens` are about what the request will cost.

        The future has the place in the end, or Unavailable. Whoever does not wait for it any more must `leave`.
        """
        queue = self._queues.get(model.id)
        if queue is None:
            queue = self._queues[model.id] = Queue(asyncio.get_running_loop().time())
        if len(queue) >= self._queue_max:
            wait_s = queue.empty_in_s
            shed = queue.shed(account)
            if shed is None:
                raise _busy(model, wait_s)
            if not shed.future.done():
                shed.future.set_exception(_busy(model, wait_s))
        return Waiter(model, tried, account, tokens, queue=queue, served=self._serves(model, account))

    async def wait(self, model: Model, tried: frozenset[str], account: str, tokens: int) -> Place:
        """As `line_up`, and wait until the end."""
        waiter = self.line_up(model, tried, account, tokens)
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
            waiter.queue.discard(waiter.ticket)
            self._forget(waiter.model, waiter.queue)
        elif future.exception() is None:
            self.give_back(future.result()[1], waiter.ticket.account)

    def give_back(self, load: Load, account: str = "") -> None:
        """The request of that account is over for this engine."""
        load.in_flight -= 1
        by_account = load.by_account
        if account in by_account:
            if by_account[account] > 1:
                by_account[account] -= 1
            else:
                del by_account[account]
        if self._queues:
            self._serve()

    def _free(self, model: Model, tried: frozenset[str], account: str) -> Place | None:
        """The best offer that need not be waited for, counted as busy."""
        best: tuple[float, Offer, Load] | None = None
        for offer in model.offers:
            engine = offer.engine
            if engine.unavailable() is not None or engine.name in tried:
                continue
            load = self._loads.get(engine.name)
            if load is None:
                load = self._loads[engine.name] = Load()
            if offer.slots is not None and load.in_flight >= offer.slots:
                continue
            cost = load.in_flight / offer.weight
            if best is None or cost < best[0]:
                best = (cost, offer, load)
        if best is None:
            return None
        _, offer, load = best
        load.in_flight += 1
        if offer.slots is not None:
            load.by_account[account] = load.by_account.get(account, 0) + 1
        return offer, load

    def _serve(self) -> None:
        """Give every free place to whoever is next; models that share an engine take turns at it."""
        moved = True
        while moved and self._queues:
            moved = False
            for model_id, queue in list(self._queues.items()):
                if self._serve_one(queue):
                    moved = True
                    if queue:
                        self._queues[model_id] = self._queues.pop(model_id)

    def _serve_one(self, queue: Queue) -> bool:
        """Bring one of a queue to its end: with a place, or without when there can be none any more."""
        for waiter in queue.heads():
            if waiter.future.done():
                queue.discard(waiter.ticket)  # its task was cancelled, and has not come here yet
            elif (place := self._free(waiter.model, waiter.tried, waiter.ticket.account)) is not None:
                queue.serve(waiter.ticket)
                queue.moved(waiter.future.get_loop().time())
                waiter.future.set_result(place)
            elif not _hopeful(waiter.model, waiter.tried):
                queue.discard(waiter.ticket)
                waiter.future.set_exception(_hopeless(waiter.model))
            elif waiter.tried:
                continue  # what is free may be no good to this one only
            else:
                return False
            self._forget(waiter.model, queue)
            return True
        return False

    def _forget(self, model: Model, queue: Queue) -> None:
        if not queue and self._queues.get(model.id) is queue:
            del self._queues[model.id]

    def _serves(self, model: Model, account: str) -> bool:
        """Whether an engine of the model is busy with something of that account."""
        for offer in model.offers:
            load = self._loads.get(offer.engine.name)
            if load is not None and account in load.by_account:
                return True
        return False


def _hopeful(model: Model, tried: frozenset[str]) -> bool:
    """Whether an engine is up that has not been tried."""
    for offer in model.offers:
        if offer.engine.unavailable() is None and offer.engine.name not in tried:
            return True
    return False


def _hopeless(model: Model) -> Unavailable:
    """What to tell whoever waited for nothing."""
    try:
        model.require_live()
    except Unavailable as error:
        return error
    return _busy(model, RETRY_S)


def _busy(model: Model, retry_after_s: int) -> Unavailable:
    return Unavailable(f"All nodes that serve the model {model.id!r} are busy.", retry_after_s=retry_after_s)
