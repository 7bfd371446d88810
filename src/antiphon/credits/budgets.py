"""Holds of what a key with a spend cap may spend: in the database, so that all gateways together keep to the cap."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from antiphon.credits import budget_store
from antiphon.credits.closing import Closing
from antiphon.credits.settlements import Settlements
from antiphon.credits.tenure import Tenure
from antiphon.db import Database
from antiphon.errors import InsufficientCredits
from antiphon.key import Key


class Budgets:
    """The caps of keys. Only requests of keys that have one come here; each waits for a durable write."""

    def __init__(
        self,
        database: Database,
        tenure: Tenure,
        settlements: Settlements,
        *,
        on_ended: Callable[[int], Awaitable[None]],
    ) -> None:
        self._database = database
        self._tenure = tenure
        self._settlements = settlements
        self._on_ended = on_ended

    async def hold(self, key: Key, hold_id: str, amount: int) -> None:
        """Hold a part of what the key may spend, until it is spent or released; InsufficientCredits beyond the cap."""
        try:
            await self._hold(key, hold_id, amount)
        except InsufficientCredits:
            if not self._settlements.pending:
                raise
            await self._settlements.all_settled()  # what has just ended may have held what is missing
            await self._hold(key, hold_id, amount)

    async def _hold(self, key: Key, hold_id: str, amount: int) -> None:
        cap = key.spend_cap
        assert cap is not None, "only a cap is held of"
        try:
            while True:
                epoch = self._tenure.epoch
                work = partial(
                    budget_store.hold, key_id=key.id, hold_id=hold_id, amount=amount, cap=cap, epoch=epoch
                )  # fmt: skip
                if await self._database.write(work):
                    return
                await self._on_ended(epoch)
        except InsufficientCredits:
            raise
        except BaseException:
            self.release(hold_id)  # it may have been done, whatever became of the one who waited
            raise

    def release(self, hold_id: str) -> None:
        """Let go of what a request held, soon."""
        self._settlements.put(Closing(hold_id, budgeted=True))
