"""Stored keys for tests: a service and the memory of one gateway over a database, with a clock that stands still."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from msgspec.structs import replace

from antiphon.accounts.model import Grant
from antiphon.accounts.pepper import Pepper
from antiphon.accounts.service import Keys, Minted
from antiphon.accounts.stored_keys import StoredKeys
from antiphon.clock import ManualClock
from antiphon.db import Database, Work
from antiphon.ids import seeded
from antiphon.key import CLIENT, UNLIMITED, Allowance

ACCOUNT = "acme"
PEPPER = Pepper("p" * 32)
GRANT = Grant("a key", CLIENT)


class Stored:
    """One gateway's view of the keys, and the service that makes them."""

    def __init__(
        self,
        database: Database,
        *,
        peppers: tuple[Pepper, ...] = (PEPPER,),
        allowance: Allowance = UNLIMITED,
        keys_max: int = 20,
        seed: int = 1,
        now_s: Callable[[], float] | None = None,
    ) -> None:
        self.database = database
        self.clock = ManualClock()
        self.service = Keys(
            database, peppers[0], kind="test", keys_max=keys_max, clock=self.clock, ids=seeded(seed)
        )  # fmt: skip
        self.revoked: list[str] = []
        self.keys = StoredKeys(
            database,
            peppers,
            clock=self.clock,
            now_s=now_s or self.clock.monotonic,
            account_allowance=allowance,
            on_revoked=self.revoked.extend,
        )

    @property
    def now_s(self) -> float:
        """The time that the memory goes by."""
        return self.clock.monotonic()

    @property
    def now_ms(self) -> int:
        """The time that rows go by."""
        return int(self.clock.now() * 1000)

    async def create(self, account: str = ACCOUNT, **fields: Any) -> Minted:  # Any: fields of a grant
        """A new key; `fields` differ from those of a plain one."""
        return await self.service.create(account, replace(GRANT, **fields))


class Counted:
    """How often a database was read, and the most works that it had to serve at once."""

    def __init__(self) -> None:
        self.reads = 0
        self.at_once_max = 0


@contextlib.contextmanager
def reads(database: Database) -> Iterator[Counted]:
    """Count the reads of a database."""
    counted, real, running = Counted(), database.read, 0

    async def read(work: Work[Any]) -> Any:  # Any: a work returns what it likes
        nonlocal running
        counted.reads += 1
        running += 1
        counted.at_once_max = max(counted.at_once_max, running)
        try:
            return await real(work)
        finally:
            running -= 1

    with mock.patch.object(database, "read", read):
        yield counted
