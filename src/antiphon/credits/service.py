"""What is done with credit: granted, moved, held for requests, charged. Whatever has an id happens once by it."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

from antiphon.clock import Clock
from antiphon.credits import gateway_store, hold_store, lease_store, ledger, store
from antiphon.credits.budgets import Budgets
from antiphon.credits.leases import HOLD_S_MAX, RECALL_PAUSE_S, RECALL_S, Leases
from antiphon.credits.ledger import Account, AccountKey, Earner, Hold
from antiphon.credits.settlements import OnLost
from antiphon.credits.store import Line
from antiphon.credits.tenure import Tenure, Watch
from antiphon.db import Connection, Database, T, Work
from antiphon.errors import InsufficientCredits, Unavailable
from antiphon.key import Ledger

KEEP_EVERY_S = 0.5


class Credits:
    """The books, as one gateway keeps them. Make it within a running event loop, `start` it, `close` it.

    `gateway` tells this gateway apart from all others that run now; one that is always the same frees at a start what
    was held before a crash, any other within seconds. `hold_s_max` is longer than any request may take.
    """

    def __init__(
        self,
        database: Database,
        *,
        gateway: str,
        clock: Clock,
        on_lost: OnLost,
        hold_s_max: float = HOLD_S_MAX,
    ) -> None:
        self._database = database
        self._clock = clock
        self._tenure = Tenure(database, gateway, clock=clock)
        self._watch = Watch()
        self._began_ms = clock.now() * 1000 - clock.monotonic() * 1000
        self._holds: set[str] = set()  # opened here, and not known to have ended
        self._task: asyncio.Task[None] | None = None
        self.leases = leases = Leases(database, self._tenure, clock=clock, on_lost=on_lost, hold_s_max=hold_s_max)
        self.budgets = Budgets(database, self._tenure, leases.settlements, on_ended=leases.start_over)

    async def start(self) -> None:
        """Begin to hold and charge, and look after what is held."""
        await self.begin()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def begin(self) -> None:
        """Begin to hold and charge; `keep` is then to be called about twice a second."""
        await self._tenure.begin()
        self.leases.settlements.start()

    async def close(self) -> None:
        """Settle what was captured, and let go of everything else."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        with contextlib.suppress(Unavailable):  # then others end this run when it has been silent for long enough
            await self.leases.close()
            await self._database.write(partial(gateway_store.end, epoch=self._tenure.epoch))

    async def balance(self, key: AccountKey) -> Account:
        """The account, when everything that this gateway charged before is in the books."""
        await self.leases.settlements.all_settled()
        return await self._database.read(partial(store.account, key=key))

    async def history(self, key: AccountKey, *, before: int = store.NUMBER_MAX, limit: int) -> list[Line]:
        """The account's latest journals, newest first, of those with a number below `before`."""
        await self.leases.settlements.all_settled()
        return await self._database.read(partial(store.history, key=key, before=before, limit=limit))

    async def grant(self, key: AccountKey, journal_id: str, amount: int) -> bool:
        """Give credit that nobody paid for; False when that id was given before, such as `signup:0x12...`."""
        journal = ledger.grant(key, journal_id, amount, at_ms=self._now_ms())
        return await self._database.write(partial(store.post, journal=journal))

    async def transfer(self, ledger_: Ledger, journal_id: str, source: str, target: str, amount: int) -> bool:
        """Move money that is free; False when that id was moved before, InsufficientCredits when there is less."""
        journal = ledger.transfer(ledger_, journal_id, source, target, amount, at_ms=self._now_ms())
        return await self._patiently(partial(store.post, journal=journal), (ledger_, source))

    async def open_hold(self, hold: Hold, *, expires_in_s: float) -> Hold:
        """Keep money back for a request, in the books at once; as `Leases.open` does in memory.

        The hold as it is when it was opened before. InsufficientCredits when less is free.
        """
        expires_at_ms = self._steady_ms() + int(expires_in_s * 1000)
        while True:
            epoch = self._tenure.epoch
            work = partial(_open, hold=hold, epoch=epoch, expires_at_ms=expires_at_ms)
            opened = await self._patiently(work, (hold.ledger, hold.account))
            if opened is not None:
                self._holds.add(hold.id)
                return opened
            await self.leases.start_over(epoch)

    async def capture(self, hold_id: str, cost: int, earner: Earner | None = None) -> Hold:
        """Charge what a request cost, up to what was held; a hold that has ended stays as it is."""
        work = partial(hold_store.capture, hold_id=hold_id, cost=cost, at_ms=self._now_ms(), earner=earner)
        hold = await self._database.write(work)
        self._holds.discard(hold_id)
        return hold

    async def void(self, hold_id: str) -> Hold:
        """Charge nothing for a request; a hold that has ended stays as it is."""
        hold = await self._database.write(partial(hold_store.void, hold_id=hold_id))
        self._holds.discard(hold_id)
        return hold

    async def sweep(self) -> int:
        """End what has no right to be open: own holds whose time is up, all of runs that fell silent; how many."""
        ended = 0
        if self._holds:
            if not await self._tenure.beat():
                await self.leases.start_over(self._tenure.epoch)
            work = partial(hold_store.expire, epoch=self._tenure.epoch, now_ms=self._steady_ms())
            ended += await self._database.write(work)
        runs = await self._database.read(gateway_store.runs)
        for run in self._watch.silent(runs, self._clock.monotonic(), own=self._tenure.epoch):
            ended += await self._database.write(partial(gateway_store.end_silent, run=run))
        return ended

    async def keep(self) -> None:
        """Do what is due: give back what is not used, end what nobody has a right to hold any more."""
        await self.leases.keep()
        await self.sweep()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(Unavailable):  # the database itself says that it is away
                await self.keep()
            await asyncio.sleep(KEEP_EVERY_S)

    async def _patiently(self, work: Work[T], key: AccountKey) -> T:
        """What a work returns that takes free money, some of which leases may have to give back first."""
        until = self._clock.monotonic() + RECALL_S
        while True:
            try:
                return await self._database.write(work)
            except InsufficientCredits:
                if self._clock.monotonic() >= until:
                    raise
                if await self.leases.give_back(key):
                    continue
                if not await self._database.write(partial(lease_store.recall, key=key, epoch=self._tenure.epoch)):
                    raise
                await asyncio.sleep(RECALL_PAUSE_S)

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)

    def _steady_ms(self) -> int:
        """The time as it was at the start and has passed since: a clock that is set anew ends no hold."""
        return int(self._began_ms + self._clock.monotonic() * 1000)


def _open(connection: Connection, hold: Hold, epoch: int, expires_at_ms: int) -> Hold | None:
    """The hold, None when the run that wants to open it was ended."""
    if not gateway_store.beat(connection, epoch):
        return None
    return hold_store.insert(connection, hold, epoch=epoch, expires_at_ms=expires_at_ms)
