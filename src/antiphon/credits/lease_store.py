"""Leases in the database: how they grow, shrink and are spent. Plain functions over a connection, called within a work.

A lease is told how much it has been granted in all, never by how much to grow, and spending it is tied to the id of a
journal: so every function here may run again when nobody knows whether it ran before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct

from antiphon.credits import gateway_store, store, values
from antiphon.credits.ledger import Account, AccountKey, Earner, Journal, usage
from antiphon.db import Connection

FREE_PARTS = 4  # of what is free beyond the need, a lease takes one part: others want to serve the account too

LEASE = "ledger = :ledger AND account = :account AND epoch = :epoch"
STATE = f"SELECT granted, spent FROM ledger_leases WHERE {LEASE}"
GROW = (
    "INSERT INTO ledger_leases (ledger, account, epoch, granted) VALUES (:ledger, :account, :epoch, :granted)"
    " ON CONFLICT (ledger, account, epoch) DO UPDATE SET granted = excluded.granted, recalled = 0"
)
SHRINK = f"UPDATE ledger_leases SET granted = :granted, recalled = 2 WHERE {LEASE}"
END = f"DELETE FROM ledger_leases WHERE {LEASE}"
RECALL = (
    "UPDATE ledger_leases SET recalled = 1 WHERE ledger = :ledger AND account = :account AND epoch <> :epoch"
    " AND recalled <> 2 RETURNING granted - spent"
)
SPEND = "UPDATE ledger_leases SET spent = spent + v.column3 FROM (VALUES"
SPENT = ") AS v WHERE ledger = v.column1 AND account = v.column2 AND epoch = :epoch AND granted - spent >= v.column3"


class Grant(Struct, frozen=True):
    """What became of the wish for a larger lease.

    `account` is as it was before. `granted` is what the lease has been granted in all, None when the need did not fit:
    then `leased` is what other gateways were asked to give back of, and did not yet.
    """

    account: Account
    granted: int | None
    leased: int = 0


class Settlement(Struct, frozen=True, gc=False):
    """What one request is charged, out of a lease."""

    key: AccountKey
    request_id: str
    cost: int
    at_ms: int
    earner: Earner | None = None

    @property
    def journal(self) -> Journal:
        """How it stands in the books."""
        return usage(self.key, self.request_id, self.cost, at_ms=self.at_ms, earner=self.earner)


class Settled(Struct, frozen=True):
    """The accounts as they are after requests were charged, and the ids that had been charged before."""

    accounts: dict[AccountKey, Account]
    known: frozenset[str]


class LeaseOverspent(Exception):
    """More was to be charged than the lease holds: the work fails, nothing of it is kept."""


def grow(connection: Connection, key: AccountKey, epoch: int, *, need: int, want: int) -> Grant | None:
    """Grant a lease at least `need` in all, and up to `want` where much is free; None when the run was ended.

    When the need does not fit, other gateways are asked to give back what they do not use.
    """
    if not gateway_store.beat(connection, epoch):
        return None
    before, _ = _state(connection, key, epoch)
    account = store.account(connection, key)
    spare = account.free - (need - before)
    granted = need + min(want - need, spare // FREE_PARTS)
    if spare < 0 or not store.keep_back(connection, key, granted - before):
        return Grant(account, None, recall(connection, key, epoch))
    connection.run(GROW, ledger=key[0], account=key[1], epoch=epoch, granted=granted)
    return Grant(account, granted)


def shrink(connection: Connection, epoch: int, granted: Mapping[AccountKey, int | None]) -> bool:
    """Grant leases that much less in all, None to end one; False when the run was ended, and its leases with it."""
    if not gateway_store.beat(connection, epoch):
        return False
    freed: dict[AccountKey, int] = {}
    for key, amount in granted.items():
        before, spent = _state(connection, key, epoch)
        freed[key] = before - (spent if amount is None else amount)
        if amount is None:
            connection.run(END, ledger=key[0], account=key[1], epoch=epoch)
        else:
            connection.run(SHRINK, ledger=key[0], account=key[1], epoch=epoch, granted=amount)
    store.add(connection, [], {key: amount for key, amount in freed.items() if amount})
    return True


def recall(connection: Connection, key: AccountKey, epoch: int) -> int:
    """Ask all other runs to give back what they do not use of the account; how much may come of that at most."""
    rows = connection.all(RECALL, ledger=key[0], account=key[1], epoch=epoch)
    return sum(int(amount) for (amount,) in rows)


def recalled(connection: Connection, epoch: int) -> list[AccountKey]:
    """The leases of a run that others have asked for."""
    rows = connection.all(
        "SELECT ledger, account FROM ledger_leases WHERE epoch = :epoch AND recalled = 1", epoch=epoch
    )
    return [(ledger, account) for ledger, account in rows]


def settle(connection: Connection, epoch: int, settlements: Sequence[Settlement]) -> Settled | None:
    """Charge requests, each once whatever happens; None when the run was ended, and nothing can be charged for it."""
    if not gateway_store.beat(connection, epoch):
        return None
    journals = [one.journal for one in settlements]
    by_id = {journal.id: one for journal, one in zip(journals, settlements, strict=True)}
    fresh = store.unposted(connection, journals)
    spent: defaultdict[AccountKey, int] = defaultdict(int)
    for journal in fresh:
        one = by_id.pop(journal.id)
        spent[one.key] += one.cost
    rows = [(*key, amount) for key, amount in sorted(spent.items())]
    if values.run(connection, SPEND, rows, SPENT, epoch=epoch) < len(rows):
        raise LeaseOverspent
    accounts = store.add(connection, fresh, spent)
    return Settled(accounts, frozenset(one.request_id for one in by_id.values()))


def _state(connection: Connection, key: AccountKey, epoch: int) -> tuple[int, int]:
    """What the lease was granted in all, and what of that is spent."""
    row = connection.one(STATE, ledger=key[0], account=key[1], epoch=epoch)
    return (0, 0) if row is None else (row[0], row[1])
