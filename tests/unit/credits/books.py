"""What tests of the books share: accounts, gateways on one database, a clock that can be moved, the proof."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

from antiphon.clock import SystemClock
from antiphon.credits import ledger, store
from antiphon.credits.lease_store import Settlement
from antiphon.credits.ledger import Account, AccountKey, Hold
from antiphon.credits.service import Credits
from antiphon.credits.verify import Fault, verify
from antiphon.db import Connection, Database, Work
from antiphon.errors import Unavailable
from antiphon.key import Ledger

AT_MS = 1_800_000_000_000
FAR_S = 3600.0


class MovableClock:
    """The machine's clock, which a test can put forward."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self._ahead_s = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return self._system.now() + self._ahead_s

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self._system.monotonic() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._ahead_s += seconds


class Lost(list[tuple[Settlement, str]]):
    """What could not be charged."""

    def __call__(self, settlement: Settlement, reason: str) -> None:
        """Note it."""
        self.append((settlement, reason))


class Away:
    """A database in front of a database: `away` refuses what comes, `unsure` does the next write and then says so."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = False
        self.unsure = False
        self.refused = asyncio.Event()

    @property
    def healthy(self) -> bool:
        """Whether it answers."""
        return not self.away

    async def read(self, work: Work[Any]) -> Any:  # Any: a work returns what it likes
        """As the database does."""
        if self.away:
            raise Unavailable("It is away.")
        return await self._database.read(work)

    async def write(self, work: Work[Any]) -> Any:  # Any: a work returns what it likes
        """As the database does."""
        if self.away:
            self.refused.set()
            raise Unavailable("It is away.")
        done = await self._database.write(work)
        if self.unsure:
            self.unsure = False
            raise Unavailable("Nobody knows.", code="write_unconfirmed")
        return done

    async def close(self) -> None:
        """The database is closed by its owner."""


class Books:
    """One database with the gateways that use it. Accounts and ids are new with each call."""

    def __init__(self, database: Database) -> None:
        self.database = Away(database)
        self.clock = MovableClock()
        self.lost = Lost()
        self._gateways: list[Credits] = []
        self._numbers = itertools.count(1)

    async def gateway(self, name: str = "", *, database: Database | None = None) -> Credits:
        """A gateway that has begun, and looks after its leases only when it is told to."""
        made = Credits(
            database or self.database, gateway=name or self.name("gateway"), clock=self.clock, on_lost=self.lost
        )
        await made.begin()
        self._gateways.append(made)
        return made

    async def crash(self, gateway: Credits) -> None:
        """End a gateway as a kill would: nothing more of it reaches the database."""
        self._gateways.remove(gateway)
        task = gateway.leases.settlements._task
        assert task is not None
        task.cancel()
        await asyncio.wait([task])

    def name(self, kind: str = "id") -> str:
        """A text that was not there before."""
        return f"{kind}-{next(self._numbers)}"

    async def account(self, amount: int = 0, ledger_: Ledger = "USDC") -> AccountKey:
        """An account with that much."""
        key: AccountKey = (ledger_, ledger.user(self.name("account")))
        if amount:
            journal = ledger.grant(key, self.name("grant"), amount, at_ms=AT_MS)
            await self.database.write(partial(store.post, journal=journal))
        return key

    async def state(self, key: AccountKey) -> Account:
        """The account as it stands in the database."""
        found: Account = await self.database.read(partial(store.account, key=key))
        return found

    async def fault(self, *, now_ms: int = 0) -> Fault | None:
        """The first row that is wrong."""
        findings = await self.database.read(partial(verify, now_ms=now_ms))
        fault: Fault | None = findings.fault
        return fault

    async def require_sound(self) -> None:
        """Fail unless every rule holds for every row."""
        assert await self.fault() is None

    async def run(self, work: Callable[[Connection], Any]) -> Any:  # Any: a work returns what it likes
        """What a write returns."""
        return await self.database.write(work)

    def hold(self, key: AccountKey, amount: int, name: str = "") -> Hold:
        """A hold that is not opened yet."""
        return Hold(name or self.name("hold"), *key, amount)

    async def close(self) -> None:
        """End all gateways."""
        self.database.away = False
        for gateway in self._gateways:
            await gateway.close()
