"""Writes charges and receipts behind the answers: in groups, durably, each request once, without making one wait.

A charge is made after its answer was delivered, so what a crash takes from this queue is the house's loss. What the
books refuse is too, and `on_lost` is told: nobody is charged later, or from other money, and the receipt says so.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import islice
from operator import attrgetter

from antiphon.credits import closing, values
from antiphon.credits.closing import Closing, Ended
from antiphon.credits.lease import Lease
from antiphon.credits.lease_store import LeaseOverspent, Settled, Settlement
from antiphon.credits.tenure import Tenure
from antiphon.db import Database, StatementFailed
from antiphon.db.progress import Progress
from antiphon.errors import InsufficientCredits, Unavailable

GROUP_MAX = 1024
WHOLE = values.SIZES[0]  # rows of one statement: a large group has only full ones, and the rest waits for the next
UNSETTLED_MAX = 10_000  # how much the house may lose at once; more requests are not taken on
LINGER_S = 0.1  # a group gathers for so long: far fewer transactions, and nobody waits
RETRY_PAUSE_S = 0.25

ENDED = "other gateways took this one for dead"
ID = attrgetter("id")
REFUSED = (LeaseOverspent, InsufficientCredits, StatementFailed, ValueError)

OnLost = Callable[[Settlement, str], None]


class Settlements:
    """Takes requests that have ended, and settles them soon. `start` it within a running event loop, and `close` it.

    `on_ended` is awaited with the epoch of a run that others have ended.
    """

    def __init__(
        self,
        database: Database,
        tenure: Tenure,
        *,
        now: Callable[[], float],
        on_lost: OnLost,
        on_ended: Callable[[int], Awaitable[None]],
    ) -> None:
        self._database = database
        self._tenure = tenure
        self._now = now
        self._on_lost = on_lost
        self._on_ended = on_ended
        self._ended: list[Ended] = []
        self._waiting: deque[Closing] = deque()
        self._progress = Progress("What came before is not charged yet.")
        self._arrived = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether too much is on its way for another request to be taken on."""
        return self._progress.weight + len(self._ended) >= UNSETTLED_MAX

    @property
    def pending(self) -> int:
        """How many requests are on their way into the books."""
        return len(self._progress) + len(self._ended)

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Settle what is on its way, and end. What the database does not take any more is lost."""
        self._closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task
        self.put_together()
        while self._waiting:
            self._drop(self._waiting.popleft(), "the gateway ends")

    def put(self, one: Ended) -> None:
        """Take a request that has ended. A mere receipt is lost where far too much is on its way."""
        if not self._ended:
            self._arrived.set()
        self._ended.append(one)

    def put_together(self) -> None:
        """Find out what is to be written of those that have ended since. Done by itself, and soon.

        What they held and are not charged is free then.
        """
        ended, self._ended = self._ended, []
        closings = [one.closing() for one in ended]
        for one in closings:
            self._progress.take(one.id, 1)
        if self._far_too_many:
            closings = [one for one in closings if not self._is_dropped(one)]
        self._waiting += closings

    @property
    def _far_too_many(self) -> bool:
        return len(self._progress) > 2 * UNSETTLED_MAX

    def _is_dropped(self, one: Closing) -> bool:
        """Drop a mere receipt while far too much is on its way; whether it was."""
        if one.hold is not None or one.budgeted or not self._far_too_many:
            return False
        self._drop(one, "too many receipts are waiting to be kept")
        return True

    async def settled(self, request_id: str) -> None:
        """Return when that request is not on its way any more; Unavailable when it takes too long."""
        self.put_together()
        await self._progress.ended(request_id)

    async def all_settled(self) -> None:
        """Return when everything that was taken before is in the books; Unavailable when it takes too long."""
        self.put_together()
        await self._progress.all_ended()

    async def _run(self) -> None:
        waiting = self._waiting
        while waiting or self._ended or not self._closing:
            self.put_together()
            if not waiting:
                if not self._closing:
                    self._arrived.clear()
                    await self._arrived.wait()
                continue
            group = self._group()
            await asyncio.sleep(0)  # answers that this turn of the loop wrote leave the process before they are charged
            if not await self._settle(group):
                return
            for _ in group:
                waiting.popleft()
            if len(waiting) + len(self._ended) < GROUP_MAX and not self._closing:
                await asyncio.sleep(LINGER_S)

    def _group(self) -> list[Closing]:
        """Those at the front whose holds belong to one run, as many as one transaction should charge."""
        group = list(islice(self._waiting, GROUP_MAX))
        epochs = [one.hold and one.hold.lease.epoch for one in group]
        if len(set(epochs) - {None}) > 1:
            first = next(epoch for epoch in epochs if epoch is not None)
            del group[next(at for at, epoch in enumerate(epochs) if epoch not in (None, first)) :]
        if len(group) > WHOLE:
            del group[len(group) - len(group) % WHOLE :]
        return group

    async def _settle(self, group: Sequence[Closing]) -> bool:
        """Bring a group to its end, however long it takes; False when the gateway ends while the database is away."""
        held = next((one.hold for one in group if one.hold is not None), None)
        epoch = self._tenure.epoch if held is None else held.lease.epoch
        if epoch != self._tenure.epoch:
            self._lose_all(group, ENDED)
            return True
        work = partial(closing.write, epoch=epoch, closings=group)
        attempts = 0
        while True:
            began_at = self._now()
            attempts += 1
            try:
                settled = await self._database.write(work)
                if settled is None:
                    await self._on_ended(epoch)
            except REFUSED as error:
                return await self._settle_alone(group, error)
            except Unavailable:
                self._tenure.doubt()
                if self._closing:
                    return False
                await asyncio.sleep(RETRY_PAUSE_S)
                continue
            if settled is None:
                self._lose_all(group, ENDED)
            else:
                self._tenure.renewed(began_at)
                self._keep(group, settled, began_at, first=attempts == 1)
            return True

    async def _settle_alone(self, group: Sequence[Closing], error: Exception) -> bool:
        """Find the request that the books refuse, so that it is lost alone."""
        if len(group) == 1:
            self._lose(group[0], f"the books refuse it: {error}")
            return True
        return all([await self._settle([one]) for one in group])

    def _keep(self, group: Sequence[Closing], settled: Settled, now: float, *, first: bool) -> None:
        """Note what is in the books. An id that was charged before this group ever came belongs to another request."""
        known = settled.known if first else ()
        taken = [one for one in group if one.hold is not None and one.id in known] if known else []
        for one in taken:
            self._lose(one, "its id was charged before")
        kept = [one for one in group if one not in taken] if taken else group
        charged: defaultdict[Lease, int] = defaultdict(int)
        for one in kept:
            hold = one.hold
            if hold is not None:
                charged[hold.lease] += hold.charged
        for lease, amount in charged.items():
            lease.settled(amount)
            lease.used_at = max(lease.used_at, now)
            account = settled.accounts.get(lease.key)
            if account is not None:
                lease.balance = account.balance
        self._progress.end(list(map(ID, kept)))

    def _lose_all(self, group: Sequence[Closing], reason: str) -> None:
        for one in group:
            self._lose(one, reason)

    def _lose(self, one: Closing, reason: str) -> None:
        """Charge nothing, now or later; what else is to be written of it still is."""
        left = None if one.hold is None else one.without_charge()
        self._drop(one, reason)
        if left is not None:
            self.put(left)

    def _drop(self, one: Closing, reason: str) -> None:
        if one.hold is not None:
            one.hold.lease.lost(one.hold.charged)
        self._progress.end([one.id])
        self._on_lost(one.settlement, reason)
