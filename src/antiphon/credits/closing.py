"""How requests end in the database: charged, their holds of a budget let go, their receipts kept, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from antiphon.credits import budget_store, lease_store, receipt_store
from antiphon.credits.draft import Draft
from antiphon.credits.lease import LeasedHold
from antiphon.credits.lease_store import Settled, Settlement
from antiphon.db import Connection

NOTHING = Settled({}, frozenset())


class Ended(Protocol):
    """A request that has ended; what is to be written of it is put together where many are, not while it is served."""

    @property
    def id(self) -> str:
        """The id of its answer."""
        ...

    def closing(self) -> Closing:
        """What is to be written of it; asked for once."""
        ...


class Closing(Struct, frozen=True):
    """What is to be written of one request that has ended.

    `hold` is there where it is charged, `budgeted` where it holds a part of its key's budget.
    """

    id: str
    hold: LeasedHold | None = None
    draft: Draft | None = None
    budgeted: bool = False

    def closing(self) -> Closing:
        """Itself."""
        return self

    @property
    def settlement(self) -> Settlement:
        """What is charged; nothing where there is no hold."""
        if self.hold is not None:
            return self.hold.settlement
        draft = self.draft
        assert draft is not None, "what is lost has a hold or a receipt"
        return Settlement(draft.asked.account, self.id, 0, draft.ended_at_ms)

    def without_charge(self) -> Closing | None:
        """What is left to be written when the charge is lost; None when that is nothing."""
        if self.draft is None and not self.budgeted:
            return None
        draft = self.draft and replace(self.draft, charged=0, reason="not_charged")
        return Closing(self.id, None, draft, self.budgeted)


def write(connection: Connection, epoch: int, closings: Sequence[Closing]) -> Settled | None:
    """Write all of them, each once whatever happens; None when something is charged and the run was ended."""
    settled: Settled | None = NOTHING
    settlements = [one.hold.settlement for one in closings if one.hold is not None]
    if settlements:
        settled = lease_store.settle(connection, epoch, settlements)
        if settled is None:
            return None
    budgeted = {one.id: 0 if one.hold is None else one.hold.charged for one in closings if one.budgeted}
    if budgeted:
        budget_store.spend(connection, budgeted)
    drafts = [one.draft for one in closings if one.draft is not None]
    if drafts:
        receipt_store.insert(connection, drafts)
    return settled
