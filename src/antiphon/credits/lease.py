"""A lease and its holds in the memory of a gateway: sums only, no database, no waiting.

What is counted here is never more than what the database has granted: it grows after the database's and shrinks before.
"""

from __future__ import annotations

import asyncio

from antiphon.credits.lease_store import Settlement
from antiphon.credits.ledger import AccountKey, Earner, State, charge
from antiphon.errors import InsufficientCredits


class Lease:
    """What one account's requests are admitted against.

    `granted` and `spent` are the database's, `used` is what open holds keep and what is charged but not settled yet;
    `unsettled` is what is charged, or is about to be, of that.
    """

    __slots__ = (
        "ahead",
        "balance",
        "cautious_until",
        "epoch",
        "gone",
        "granted",
        "grown_at",
        "key",
        "queue",
        "refusal",
        "resizing",
        "spent",
        "unsettled",
        "used",
        "used_at",
    )

    def __init__(self, key: AccountKey, epoch: int, now: float) -> None:
        self.key = key
        self.epoch = epoch
        self.granted = 0
        self.spent = 0
        self.used = 0
        self.unsettled = 0
        self.balance = 0  # the account's, when the database last told
        self.used_at = now
        self.grown_at = 0.0
        self.ahead = 0  # how many holds beyond the next are asked for together
        self.cautious_until = 0.0  # others want the account's money too: nothing is asked for ahead
        self.refusal: Refusal | None = None
        self.queue = asyncio.Lock()  # held by the one who waits for more
        self.resizing = asyncio.Lock()  # held while the database is told a new size
        self.gone = False

    @property
    def room(self) -> int:
        """What the next hold may have."""
        return self.granted - self.spent - self.used

    @property
    def needed(self) -> int:
        """What must stay granted in all."""
        return self.spent + self.used

    @property
    def left(self) -> int:
        """What the account has left, as far as this gateway knows."""
        return self.balance - self.unsettled

    def coveted(self, now: float) -> bool:
        """Whether it has what others wanted not long ago."""
        return self.room > 0 and now < self.cautious_until

    def settled(self, amount: int) -> None:
        """So much of what was charged is in the books."""
        self.spent += amount
        self.used -= amount
        self.unsettled -= amount

    def lost(self, amount: int) -> None:
        """So much of what was charged will never be in the books."""
        self.used -= amount
        self.unsettled -= amount


class LeasedHold:
    """Money kept back for one request: open, then captured, voided or expired, once."""

    # What has not happened yet; an instance holds only what has.
    state: State = "open"
    owed = 0
    charged = 0
    at_ms = 0
    earner: Earner | None = None

    def __init__(self, hold_id: str, lease: Lease, amount: int, expires_at: float) -> None:
        self.id = hold_id
        self.lease = lease
        self.amount = amount
        self.expires_at = expires_at
        lease.used += amount

    def owe(self, cost: int) -> None:
        """Note what it is about to be captured for, so that the account has that much less already. Said once."""
        self.owed = cost
        self.lease.unsettled += cost

    def capture(self, cost: int, at_ms: int) -> bool:
        """Charge what it cost, up to what was held, and let go of the rest; False when it had ended before."""
        self._owe_nothing()
        if self.state != "open":
            return False
        self.state = "captured"
        charged = self.charged = charge(self.amount, cost)
        self.at_ms = at_ms
        lease = self.lease
        lease.used -= self.amount - charged
        lease.unsettled += charged
        return True

    def release(self, state: State) -> bool:
        """Let go of all that was held; False when it had ended before."""
        if self.state != "open":
            return False
        self.state = state
        self._owe_nothing()
        self.lease.used -= self.amount
        return True

    def _owe_nothing(self) -> None:
        self.lease.unsettled -= self.owed
        self.owed = 0

    @property
    def settlement(self) -> Settlement:
        """What is to stand in the books."""
        return Settlement(self.lease.key, self.id, self.charged, self.at_ms, self.earner)


class Refusal:
    """That an account lacked `amount` when `ticket` was the last to have asked for it."""

    __slots__ = ("_amount", "_message", "_ticket")

    def __init__(self, amount: int, ticket: int, error: InsufficientCredits) -> None:
        self._amount = amount
        self._ticket = ticket
        self._message = error.message

    def holds_for(self, amount: int, ticket: int) -> InsufficientCredits | None:
        """The same for somebody who had asked by then and wants as much or more."""
        return InsufficientCredits(self._message) if amount >= self._amount and ticket <= self._ticket else None
