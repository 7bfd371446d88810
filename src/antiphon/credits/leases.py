"""Admission: a request's worst case is held against its account's lease, in memory, in a few microseconds.

The database is asked only when a lease has no room. What a lease was granted is kept back of the account, so several
gateways together never promise more than there is; and what one of them does not use it gives back, after a while or
when another asks for it.
"""

from __future__ import annotations

import asyncio
from functools import partial

from antiphon.clock import Clock
from antiphon.credits import lease_store
from antiphon.credits.closing import Closing
from antiphon.credits.lease import Lease, LeasedHold, Refusal
from antiphon.credits.lease_store import Grant
from antiphon.credits.ledger import AccountKey, Earner
from antiphon.credits.money import shortage
from antiphon.credits.settlements import OnLost, Settlements
from antiphon.credits.tenure import Tenure
from antiphon.db import Database
from antiphon.errors import Conflict, Unavailable

LEASES_MAX = 100_000
HOLD_S_MAX = 900.0  # what is still open then was forgotten: longer than any request may take
AHEAD_MIN, AHEAD_MAX = 16, 4096  # holds that are asked for together; more, the sooner they are used up
AHEAD_S = 1.0
IDLE_S = 8.0  # with the next look it is given back within ten seconds
RESIZED_MAX = 500  # in one transaction
CAUTION_S = 10.0  # after others asked for the same money
RECALL_S = 1.5  # how long others are given to give back
RECALL_PAUSE_S = 0.1


class Leases:
    """The leases of one gateway. Make it within a running event loop; `keep` is to be called about twice a second."""

    def __init__(
        self, database: Database, tenure: Tenure, *, clock: Clock, on_lost: OnLost, hold_s_max: float = HOLD_S_MAX
    ) -> None:
        self._database = database
        self._tenure = tenure
        self._clock = clock
        self._now = clock.monotonic
        self._hold_s_max = hold_s_max
        self._leases: dict[AccountKey, Lease] = {}
        self._open: dict[str, LeasedHold] = {}
        self._tickets = 0
        self._starting = asyncio.Lock()
        self.settlements = Settlements(database, tenure, now=self._now, on_lost=on_lost, on_ended=self.start_over)

    @property
    def open_holds(self) -> int:
        """How many requests hold money; those that have just ended are put together first."""
        self.settlements.put_together()
        return len(self._open)

    async def open(self, key: AccountKey, hold_id: str, amount: int) -> LeasedHold:
        """Hold `amount`, the most that a request can cost, until it is captured or voided.

        `hold_id` must be an id of the gateway's own making: a request is charged once by it. InsufficientCredits when
        it does not fit; Unavailable while nothing can be charged.
        """
        hold = self.open_now(key, hold_id, amount)
        if hold is None:
            began_at = self._now()
            hold = self._hold(await self._with_room(key, amount), hold_id, amount, began_at)
        return hold

    def open_now(self, key: AccountKey, hold_id: str, amount: int) -> LeasedHold | None:
        """As `open`, where that needs no waiting; else None, and nothing is held."""
        now = self._now()
        lease = self._leases.get(key)
        if (
            lease is None
            or lease.granted - lease.spent - lease.used < amount
            or now >= self._tenure.good_until
            or self.settlements.full
        ):
            return None
        return self._hold(lease, hold_id, amount, now)

    def _hold(self, lease: Lease, hold_id: str, amount: int, now: float) -> LeasedHold:
        holds = self._open
        if hold_id in holds:
            raise Conflict(f"hold {hold_id}: there is one already.")
        lease.used_at = now
        hold = holds[hold_id] = LeasedHold(hold_id, lease, amount, now + self._hold_s_max)
        return hold

    def capture(self, hold: LeasedHold, cost: int, earner: Earner | None = None) -> bool:
        """Charge what was delivered, up to what was held; False, and nothing, when the hold had ended before."""
        if not self.end(hold, cost, int(self._clock.now() * 1000)):
            return False
        hold.earner = earner
        if hold.charged:
            self.settlements.put(Closing(hold.id, hold))
        return True

    def end(self, hold: LeasedHold, cost: int, at_ms: int) -> bool:
        """As `capture`, where the caller says who earns, and puts what was charged on its way into the books."""
        if not hold.capture(cost, at_ms):
            return False
        del self._open[hold.id]
        return True

    def void(self, hold: LeasedHold) -> None:
        """Charge nothing; a hold that has ended stays as it is."""
        if hold.release("voided"):
            del self._open[hold.id]

    async def _with_room(self, key: AccountKey, amount: int) -> Lease:
        """A lease with room for `amount`, which nobody can have taken when this returns."""
        assert amount > 0, "what costs nothing needs no hold"
        self._tickets += 1
        ticket = self._tickets
        while True:
            self.settlements.put_together()
            if self.settlements.full:
                raise Unavailable("Requests cannot be charged as fast as they come.", retry_after_s=1)
            lease = self._lease(key)
            async with lease.queue:
                if lease.gone:
                    continue
                if lease.room >= amount and self._now() < self._tenure.good_until:
                    return lease
                if lease.refusal is not None and (refusal := lease.refusal.holds_for(amount, ticket)):
                    raise refusal
                if await self._enlarge(lease, amount):
                    return lease

    def _lease(self, key: AccountKey) -> Lease:
        lease = self._leases.get(key)
        if lease is None:
            if len(self._leases) >= LEASES_MAX:
                raise Unavailable("Too many accounts are being served.", retry_after_s=1)
            lease = self._leases[key] = Lease(key, self._tenure.epoch, self._now())
        return lease

    async def _enlarge(self, lease: Lease, amount: int) -> bool:
        """Make room for `amount`, waiting a little for what others may give back; False when the lease is gone."""
        until = None
        while True:
            grant = await self._grow(lease, amount)
            if lease.gone:
                return False
            if lease.room >= amount:
                return True
            if grant is None or grant.granted is not None:
                continue  # others were quicker to take what was there
            now = self._now()
            until = until or now + RECALL_S
            lease.cautious_until = now + CAUTION_S
            if now >= until or grant.account.free + grant.leased + lease.room < amount:
                error = shortage(grant.account.free + lease.room, amount)
                lease.refusal = Refusal(amount, self._tickets, error)
                raise error
            await asyncio.sleep(RECALL_PAUSE_S)

    async def _grow(self, lease: Lease, amount: int) -> Grant | None:
        """Ask the database for room; None when there is room by now, or the lease is gone."""
        async with lease.resizing:
            now = self._now()
            if lease.gone or (lease.room >= amount and now < self._tenure.good_until):
                return None
            need = max(lease.needed + amount, lease.granted)
            want = need + amount * self._ahead(lease, now)
            grow = partial(lease_store.grow, key=lease.key, epoch=lease.epoch, need=need, want=want)
            grant = await self._database.write(grow)
            if grant is None:
                await self.start_over(lease.epoch)
                self._forget(lease)
                return None
            self._tenure.renewed(now)
            if grant.granted is not None:
                lease.granted = grant.granted
            lease.balance = grant.account.balance
            return grant

    def _ahead(self, lease: Lease, now: float) -> int:
        """How many more holds to ask for: none while others want the money, more the sooner the last were used up."""
        soon = now - lease.grown_at < AHEAD_S
        lease.grown_at = now
        lease.ahead = min(max(lease.ahead * 2, AHEAD_MIN), AHEAD_MAX) if soon else AHEAD_MIN
        return 0 if now < lease.cautious_until else lease.ahead

    async def give_back(self, key: AccountKey) -> bool:
        """Give back what this gateway does not use of the account; whether that was anything."""
        self.settlements.put_together()
        lease = self._leases.get(key)
        if lease is None or not lease.room:
            return False
        await self._shrink([lease], end=False)
        return True

    async def keep(self) -> None:
        """Do what is due: end forgotten holds, stay alive in the books, give back what is idle or asked for."""
        now = self._now()
        self.settlements.put_together()
        self._expire(now)
        epoch = self._tenure.epoch
        if not self._leases:
            return
        if not await self._tenure.beat():
            await self.start_over(epoch)
            return
        asked = set(await self._database.read(partial(lease_store.recalled, epoch=epoch)))
        wanted = [lease for lease in self._leases.values() if lease.key in asked or lease.coveted(now)]
        for lease in wanted:
            if lease.key in asked:
                lease.cautious_until = now + CAUTION_S
        await self._shrink(wanted, end=False)
        idle = [lease for lease in self._leases.values() if not lease.used and now - lease.used_at >= IDLE_S]
        await self._shrink(idle, end=True)

    async def close(self) -> None:
        """Settle what was captured, void what is open, and give everything back."""
        self.settlements.put_together()
        for hold in list(self._open.values()):
            self.void(hold)
        await self.settlements.close()
        for _ in range(0, len(self._leases), RESIZED_MAX):
            await self._shrink(list(self._leases.values())[:RESIZED_MAX], end=True)

    def _expire(self, now: float) -> None:
        """End holds that whoever opened them has forgotten; the first to be opened are the first to be due."""
        while self._open:
            hold = next(iter(self._open.values()))
            if now < hold.expires_at:
                return
            hold.release("expired")
            del self._open[hold.id]

    async def _shrink(self, leases: list[Lease], *, end: bool) -> None:
        """Give back what leases do not use, and with `end` the unused ones whole; those being resized are left out."""
        epoch = self._tenure.epoch
        free = [lease for lease in leases if lease.epoch == epoch and not lease.resizing.locked() and not lease.gone]
        del free[RESIZED_MAX:]
        if not free:
            return
        for lease in free:
            await lease.resizing.acquire()
        try:
            sizes: dict[AccountKey, int | None] = {}
            for lease in free:
                lease.granted = lease.needed  # before the database is told: nobody may count on it any more
                sizes[lease.key] = None if end and not lease.used else lease.granted
            if not await self._database.write(partial(lease_store.shrink, epoch=epoch, granted=sizes)):
                await self.start_over(epoch)
                return
            for lease in free:
                if sizes[lease.key] is None:
                    self._forget(lease)
        finally:
            for lease in free:
                lease.resizing.release()

    async def start_over(self, epoch: int) -> None:
        """Begin a new run, once, where others have ended the one of that epoch."""
        async with self._starting:
            if self._tenure.epoch == epoch:
                for lease in list(self._leases.values()):
                    self._forget(lease)
                await self._tenure.begin()

    def _forget(self, lease: Lease) -> None:
        if not lease.gone:
            lease.gone = True
            del self._leases[lease.key]
