"""Receipts as the account that they belong to may see them; those that are old enough are forgotten."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

from antiphon.clock import Clock
from antiphon.credits import receipt_store
from antiphon.credits.receipt_store import Filed
from antiphon.credits.settlements import Settlements
from antiphon.db import Database
from antiphon.errors import NotFound, Unavailable

DAY_S = 86_400
PRUNE_EVERY_S = 600.0
PRUNED_MAX = 1_000  # in one transaction


class Receipts:
    """What is kept of requests, for `days`. `run` forgets the rest, now and then."""

    def __init__(self, database: Database, settlements: Settlements, *, days: int, clock: Clock) -> None:
        self._database = database
        self._settlements = settlements
        self._days = days
        self._clock = clock

    async def get(self, account: str, receipt_id: str) -> Filed:
        """The receipt of an answer or, by its request's id, of the account's latest such request; else NotFound.

        What has just ended is waited for.
        """
        await self._settlements.settled(receipt_id)
        work = partial(receipt_store.get, account=account, receipt_id=receipt_id)
        on_its_way = self._settlements.pending  # as it was before looking: what is written meanwhile was not seen
        found = await self._database.read(work)
        if found is None and on_its_way:
            await self._settlements.all_settled()
            found = await self._database.read(work)
        if found is None:
            raise NotFound("There is no such receipt.", code="receipt_not_found")
        return found

    async def prune(self) -> int:
        """Forget what ended more than `days` ago; how many receipts those were."""
        before_ms = int((self._clock.now() - self._days * DAY_S) * 1000)
        pruned = 0
        while True:
            some = await self._database.write(partial(receipt_store.prune, before_ms=before_ms, limit=PRUNED_MAX))
            pruned += some
            if some < PRUNED_MAX:
                return pruned

    async def run(self) -> None:
        """Prune for ever."""
        while True:
            with contextlib.suppress(Unavailable):
                await self.prune()
            await asyncio.sleep(PRUNE_EVERY_S)
