"""What nodes have earned for their owners: read from the books, an account for each node and owner."""

from __future__ import annotations

from functools import partial

from msgspec import Struct

from antiphon.credits.ledger import NODE, of_node
from antiphon.db import Connection, Database
from antiphon.key import Ledger

# An owner's accounts end with the wallet's address, so a bound on the range is all that an index gives.
ACCOUNTS = (
    "SELECT a.id, a.balance FROM ledger_accounts AS a WHERE a.ledger = :ledger AND a.id > :after AND a.id < :beyond"
    " ORDER BY a.id LIMIT :limit"
)
PAID = (
    "SELECT SUM(e.amount) FROM ledger_entries AS e WHERE e.ledger = :ledger AND e.account = :account AND e.amount < 0"
)
BEYOND = NODE[:-1] + chr(ord(NODE[-1]) + 1)
PAGE_ROWS = 500


class Earned(Struct, frozen=True):
    """What one node has earned for one owner, and how much of it was paid out; whole micro-USDC."""

    account: str
    node: str
    owner: str
    earned: int
    paid: int

    @property
    def owed(self) -> int:
        """What is left to be paid."""
        return self.earned - self.paid


class Earnings:
    """Statements of what nodes earned."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, owner: str | None, ledger: Ledger) -> list[Earned]:
        """What every node of an owner earned, or every node of all, in the order of their names."""
        return await self._database.read(partial(statement, owner=owner, ledger=ledger))


def statement(connection: Connection, *, owner: str | None, ledger: Ledger) -> list[Earned]:
    """As `Earnings.of`, within a work."""
    found, after = [], NODE
    while page := connection.all(ACCOUNTS, ledger=ledger, after=after, beyond=BEYOND, limit=PAGE_ROWS):
        for account, balance in page:
            node, whose = of_node(account)
            if owner is None or whose.lower() == owner.lower():
                found.append(_earned(connection, ledger, account, balance, node, whose))
        after = page[-1][0]
    return found


def _earned(connection: Connection, ledger: Ledger, account: str, balance: int, node: str, owner: str) -> Earned:
    row = connection.one(PAID, ledger=ledger, account=account)
    paid = 0 if row is None or row[0] is None else -int(row[0])
    return Earned(account, node, owner, balance + paid, paid)
