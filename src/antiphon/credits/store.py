"""Accounts and journals in the database. Plain functions over a connection, called within a work.

`add` alone writes journals and entries, and nothing changes or removes one. Works that write take turns, so what a work
reads still holds when it writes; the conditions in the statements and the table's own checks stand behind that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from antiphon.credits import values
from antiphon.credits.ledger import Account, AccountKey, Journal, Kind, journal_fault, seal
from antiphon.credits.money import shortage
from antiphon.db import Connection
from antiphon.key import Ledger

ACCOUNT = "SELECT ledger, id, balance, held, overdraft FROM ledger_accounts WHERE ledger = :ledger AND id = :id"
MOVE = "UPDATE ledger_accounts SET balance = balance + v.column3, held = held - v.column4 FROM (VALUES"
MOVED = (
    ") AS v WHERE ledger = v.column1 AND id = v.column2"
    " AND (overdraft = 1 OR balance + v.column3 >= held - v.column4) RETURNING ledger, id, balance, held, overdraft"
)
KEEP_BACK = (
    "UPDATE ledger_accounts SET held = held + :amount WHERE ledger = :ledger AND id = :id AND balance - held >= :amount"
)
HISTORY = (
    "SELECT e.number, j.id, j.kind, j.at_ms, e.amount FROM ledger_entries AS e"
    " JOIN ledger_journals AS j ON j.ledger = e.ledger AND j.number = e.number"
    " WHERE e.ledger = :ledger AND e.account = :account AND e.number < :before ORDER BY e.number DESC LIMIT :limit"
)
NUMBER_MAX = 2**63 - 1


class Line(Struct, frozen=True):
    """One line of an account's history: a journal, and what it added to the account."""

    number: int
    journal_id: str
    kind: Kind
    at_ms: int
    amount: int


def account(connection: Connection, key: AccountKey) -> Account:
    """The account; one that nothing ever came to is empty."""
    row = connection.one(ACCOUNT, ledger=key[0], id=key[1])
    return Account(*key) if row is None else _account(*row)


def history(connection: Connection, key: AccountKey, *, before: int = NUMBER_MAX, limit: int) -> list[Line]:
    """The account's latest journals, newest first, of those with a number below `before`."""
    rows = connection.all(HISTORY, ledger=key[0], account=key[1], before=before, limit=limit)
    return [Line(*row) for row in rows]


def post(connection: Connection, journal: Journal) -> bool:
    """Add a journal, and tell whether it is new: the same id is never added twice."""
    fresh = unposted(connection, [journal])
    add(connection, fresh)
    return bool(fresh)


def unposted(connection: Connection, journals: Iterable[Journal]) -> list[Journal]:
    """Those whose id has not happened yet, each once."""
    by_id = {journal.id: journal for journal in journals}
    ids = [(journal_id,) for journal_id in by_id]
    known = values.all_of(connection, "SELECT id FROM ledger_journals WHERE id IN (VALUES", ids, ")")
    for (journal_id,) in known:
        del by_id[journal_id]
    return list(by_id.values())


def add(
    connection: Connection, journals: Sequence[Journal], freed: Mapping[AccountKey, int] | None = None
) -> dict[AccountKey, Account]:
    """Add journals that are not posted, and move what they say; the accounts as they are then.

    `freed` is what open holds and leases no longer keep back of an account. InsufficientCredits when an account would
    have less than is kept back of it: the work then fails, and nothing of it is kept.
    """
    freed = freed or {}
    changes: dict[AccountKey, int] = dict.fromkeys(freed, 0)
    for journal in journals:
        if fault := journal_fault(journal.entries):
            raise ValueError(f"journal {journal.id}: {fault}")
        for entry in journal.entries:
            key = journal.ledger, entry.account
            changes[key] = changes.get(key, 0) + entry.amount
    _open_accounts(connection, changes)
    accounts = _move(connection, changes, freed)
    for ledger in sorted({journal.ledger for journal in journals}):
        _append(connection, ledger, [journal for journal in journals if journal.ledger == ledger])
    return accounts


def keep_back(connection: Connection, key: AccountKey, amount: int) -> bool:
    """Keep `amount` back of an account, or let go of it if it is negative; False when less than that is free."""
    return connection.run(KEEP_BACK, ledger=key[0], id=key[1], amount=amount) == 1


def _open_accounts(connection: Connection, changes: Mapping[AccountKey, int]) -> None:
    """Make the accounts that something comes to for the first time; the system's own are there."""
    coming = [key for key, amount in changes.items() if amount > 0 and not key[1].startswith("sys:")]
    values.run(connection, "INSERT INTO ledger_accounts (ledger, id) VALUES", coming, "ON CONFLICT DO NOTHING")


def _account(ledger: Ledger, account_id: str, balance: int, held: int, overdraft: int) -> Account:
    return Account(ledger, account_id, balance, held, bool(overdraft))


def _move(
    connection: Connection, changes: Mapping[AccountKey, int], freed: Mapping[AccountKey, int]
) -> dict[AccountKey, Account]:
    rows = [(*key, amount, freed.get(key, 0)) for key, amount in sorted(changes.items())]
    moved = values.all_of(connection, MOVE, rows, MOVED)
    accounts = {(row[0], row[1]): _account(*row) for row in moved}
    for key, amount in changes.items():
        if key not in accounts:
            raise shortage(account(connection, key).free, -amount)
    return accounts


def _append(connection: Connection, ledger: Ledger, journals: Sequence[Journal]) -> None:
    """Write journals at the end of their ledger's chain."""
    head = connection.one("SELECT number, hash FROM ledger_heads WHERE ledger = :ledger", ledger=ledger)
    assert head is not None, "every ledger has a head"
    number, last = head
    rows, entries = [], []
    for journal in journals:
        number += 1
        last = seal(last, number, journal)
        rows.append((ledger, number, journal.id, journal.kind, journal.at_ms, last))
        entries += [(ledger, number, entry.account, entry.amount) for entry in journal.entries]
    values.run(connection, "INSERT INTO ledger_journals (ledger, number, id, kind, at_ms, hash) VALUES", rows)
    values.run(connection, "INSERT INTO ledger_entries (ledger, number, account, amount) VALUES", entries)
    connection.run(
        "UPDATE ledger_heads SET number = :number, hash = :hash WHERE ledger = :ledger",
        ledger=ledger,
        number=number,
        hash=last,
    )
