"""Requests that wait for a place: one fair queue a model, in which accounts take turns.

A queue that is full refuses whoever has most in it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from antiphon.errors import Saturated, Unavailable
from antiphon.models.ask import Ask
from antiphon.models.catalogue import Model
from antiphon.models.comebacks import Comebacks, has_more_than_its_share
from antiphon.models.fair_queue import FairQueue, Ticket
from antiphon.models.load import Place
from antiphon.models.loads import Loads

RETRY_S = 2  # when a full queue has not told yet how fast it moves
RETRY_S_MAX = 60
LOOK_S = 0.1  # how often all that waits is looked at where nothing else happens
GAP_WEIGHT = 0.1  # of the latest gap between two turns, in their running mean


class Waiter:
    """A request that waits for a place, on an engine that it has not tried."""

    __slots__ = ("ask", "future", "queue", "ticket", "tried")

    def __init__(self, ask: Ask, tried: frozenset[str], *, queue: Queue, served: bool) -> None:
        self.ask = ask
        self.tried = tried
        self.future: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self.queue = queue
        self.ticket: Ticket = queue.put(ask.account, max(1, ask.tokens), self, served=served)


class Queue(FairQueue[Waiter]):
    """What waits for one model, and how fast it moves."""

    def __init__(self, now_s: float) -> None:
        super().__init__()
        self._moved_at = now_s
        self._gap_s: float | None = None
        self.comebacks = Comebacks()

    def moved(self, now_s: float) -> None:
        """Somebody had their turn."""
        gap_s = now_s - self._moved_at
        self._gap_s = gap_s if self._gap_s is None else self._gap_s + GAP_WEIGHT * (gap_s - self._gap_s)
        self._moved_at = now_s

    def wait_s(self, account: str) -> float | None:
        """How long a further request of that account will wait; None when nobody knows yet how fast the queue moves."""
        return None if self._gap_s is None else self._gap_s * (self.ahead(account) + 1)

    @property
    def empty_in_s(self) -> int:
        """How long until all have had their turn, in whole seconds that a client may be told."""
        return RETRY_S if self._gap_s is None else min(RETRY_S_MAX, max(1, math.ceil(self._gap_s * len(self))))


class Queues:
    """What waits for all models.

    Whoever gives back a place has them served; so that nobody waits for that forever, they are also every `LOOK_S`.
    `place` finds a place that is free, or None; `refusal` says why there can be none any more, or None while there can.
    """

    def __init__(
        self,
        queue_max: int,
        *,
        loads: Loads,
        now: Callable[[], float],
        place: Callable[[Ask, frozenset[str]], Place | None],
        refusal: Callable[[Ask, frozenset[str]], Unavailable | None],
    ) -> None:
        self._queue_max = queue_max
        self._loads = loads
        self._now = now
        self._timer: asyncio.TimerHandle | None = None
        self._place = place
        self._refusal = refusal
        self._queues: dict[str, Queue] = {}  # by the model's id; none is empty

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def __bool__(self) -> bool:
        return bool(self._queues)

    def of(self, model: Model) -> Queue | None:
        """What waits for one model; None when nothing does."""
        return self._queues.get(model.id)

    def line_up(self, ask: Ask, tried: frozenset[str], *, now_s: float, served: bool) -> Waiter:
        """Add a request; Unavailable when it is the one to be refused. `served` is as in `FairQueue.put`."""
        queue = self._queues.get(ask.model.id)
        if queue is None:
            queue = self._queues[ask.model.id] = Queue(now_s)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._look)
        if len(queue) >= self._queue_max:
            wait_s = queue.empty_in_s
            shed = queue.shed(ask.account)
            if shed is None:
                raise busy(ask.model, wait_s)
            if not shed.future.done():
                shed.future.set_exception(busy(ask.model, wait_s))
        return Waiter(ask, tried, queue=queue, served=served)

    def came(self, ask: Ask) -> bool:
        """A request comes; whether a free place was kept for its account."""
        queue = self._queues.get(ask.model.id)
        return queue is not None and queue.comebacks.came(ask.account, self._now())

    def left(self, ask: Ask) -> None:
        """The answer to a request has come to its end, and its client is there."""
        queue = self._queues.get(ask.model.id)
        if queue is not None and not queue.waiting(ask.account):
            queue.comebacks.left(ask.account, self._now())

    def discard(self, waiter: Waiter) -> None:
        """Take out one that waits no longer."""
        waiter.queue.discard(waiter.ticket)
        self._forget(waiter)

    def serve(self) -> None:
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
            elif self.keeps_from(waiter.ask):
                continue  # others that are served less may have it
            elif (place := self._place(waiter.ask, waiter.tried)) is not None:
                queue.serve(waiter.ticket)
                queue.moved(place.taken_at)
                waiter.future.set_result(place)
            elif (refusal := self._refusal(waiter.ask, waiter.tried)) is not None:
                queue.discard(waiter.ticket)
                waiter.future.set_exception(refusal)
            elif waiter.tried:
                continue  # what is free may be no good to this one only
            else:
                return False
            self._forget(waiter)
            return True
        return False

    def keeps_from(self, ask: Ask) -> bool:
        """Whether what is free is kept for accounts that are about to be back, and not for that one."""
        queue = self._queues.get(ask.model.id)
        expected = 0 if queue is None else queue.comebacks.expected(self._now())
        return expected > 0 and has_more_than_its_share(ask, self._loads, expected)

    def _look(self) -> None:
        """Serve as time alone may allow it: an engine takes requests again, or nobody need be back any more."""
        self._timer = None
        self.serve()
        if self._queues:
            self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def _forget(self, waiter: Waiter) -> None:
        queue = waiter.queue
        if not queue and self._queues.get(waiter.ask.model.id) is queue:
            del self._queues[waiter.ask.model.id]


def busy(model: Model, retry_after_s: int) -> Saturated:
    """What to tell a request that finds everything occupied."""
    return Saturated(f"All nodes that serve the model {model.id!r} are busy.", retry_after_s=retry_after_s)
