"""What the books should be, in fifty lines: sums in memory, no database, no gateways, no time."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from antiphon.credits.ledger import AccountKey, State


class Held(Struct):
    """A hold as it should be."""

    key: AccountKey
    amount: int
    gateway: int
    state: State = "open"
    charged: int = 0


class Model:
    """Balances, holds, and charges that are on their way into the books."""

    def __init__(self) -> None:
        self.balance: Counter[AccountKey] = Counter()
        self.holds: dict[str, Held] = {}
        self.on_their_way: dict[str, Held] = {}
        self.moved: set[str] = set()

    def free(self, key: AccountKey) -> int:
        """What can be held or moved."""
        held = sum(hold.amount for hold in self.holds.values() if hold.key == key and hold.state == "open")
        return self.balance[key] - held - self.unsettled(key)

    def unsettled(self, key: AccountKey) -> int:
        """What was charged and may not stand in the books yet."""
        return sum(hold.charged for hold in self.on_their_way.values() if hold.key == key)

    def move(self, journal_id: str, source: AccountKey | None, target: AccountKey, amount: int) -> bool:
        """Whether that is new."""
        if journal_id in self.moved:
            return False
        self.moved.add(journal_id)
        if source is not None:
            self.balance[source] -= amount
        self.balance[target] += amount
        return True

    def end(self, hold_id: str, state: State, cost: int = 0, *, at_once: bool = True) -> Held:
        """The hold, ended unless it had ended before."""
        hold = self.holds[hold_id]
        if hold.state == "open":
            hold.state, hold.charged = state, min(cost, hold.amount)
            self.on_their_way[hold_id] = hold
            if at_once:
                self.settle([hold_id])
        return hold

    def settle(self, hold_ids: list[str]) -> None:
        """These stand in the books."""
        for hold_id in hold_ids:
            hold = self.on_their_way.pop(hold_id)
            self.balance[hold.key] -= hold.charged
