"""Holds in the database, and how each ends once. Plain functions over a connection, called within a work."""

from __future__ import annotations

from collections import defaultdict

from antiphon.credits import store
from antiphon.credits.ledger import AccountKey, Earner, Hold, charge, usage
from antiphon.credits.money import shortage
from antiphon.db import Connection
from antiphon.errors import Conflict, NotFound

COLUMNS = "id, ledger, account, amount, state, captured"
INSERT = (
    "INSERT INTO ledger_holds (id, ledger, account, amount, state, epoch, expires_at_ms)"
    " VALUES (:id, :ledger, :account, :amount, 'open', :epoch, :expires_at_ms)"
)
END = (
    "UPDATE ledger_holds SET state = :state, captured = :captured WHERE id = :id AND state = 'open'"
    f" RETURNING {COLUMNS}"
)
EXPIRE = (
    "UPDATE ledger_holds SET state = 'expired' WHERE state = 'open' AND epoch = :epoch"
    " AND expires_at_ms <= :now_ms RETURNING ledger, account, amount"
)


def get(connection: Connection, hold_id: str) -> Hold | None:
    """The hold, None when there never was one."""
    row = connection.one(f"SELECT {COLUMNS} FROM ledger_holds WHERE id = :id", id=hold_id)
    return None if row is None else Hold(*row)


def insert(connection: Connection, hold: Hold, *, epoch: int, expires_at_ms: int) -> Hold:
    """Keep the money back, once: the hold as it is if it was there before.

    InsufficientCredits when less is free, Conflict when the id belongs to another hold.
    """
    found = get(connection, hold.id)
    if found is not None:
        if (found.ledger, found.account, found.amount) != (hold.ledger, hold.account, hold.amount):
            raise Conflict(f"hold {hold.id}: the id belongs to another hold.")
        return found
    key = hold.ledger, hold.account
    if not store.keep_back(connection, key, hold.amount):
        raise shortage(store.account(connection, key).free, hold.amount)
    connection.run(
        INSERT,
        id=hold.id,
        ledger=hold.ledger,
        account=hold.account,
        amount=hold.amount,
        epoch=epoch,
        expires_at_ms=expires_at_ms,
    )
    return hold


def capture(connection: Connection, hold_id: str, cost: int, *, at_ms: int, earner: Earner | None) -> Hold:
    """Charge what it cost, up to what was held, and let go of the rest; a hold that has ended stays as it is."""
    hold = require(connection, hold_id)
    charged = charge(hold.amount, cost)
    ended = _end(connection, Hold(hold.id, hold.ledger, hold.account, hold.amount, "captured", charged))
    if ended is None:
        return hold
    key = hold.ledger, hold.account
    paid = [usage(key, hold_id, charged, at_ms=at_ms, earner=earner)] if charged else []
    store.add(connection, paid, {key: hold.amount})
    return ended


def void(connection: Connection, hold_id: str) -> Hold:
    """Let go of all that was held; a hold that has ended stays as it is."""
    hold = require(connection, hold_id)
    ended = _end(connection, Hold(hold.id, hold.ledger, hold.account, hold.amount, "voided"))
    if ended is None:
        return hold
    store.keep_back(connection, (hold.ledger, hold.account), -hold.amount)
    return ended


def expire(connection: Connection, epoch: int, now_ms: int) -> int:
    """End the open holds of a gateway's run whose time was up at `now_ms`; how many those were."""
    rows = connection.all(EXPIRE, epoch=epoch, now_ms=now_ms)
    freed: defaultdict[AccountKey, int] = defaultdict(int)
    for ledger, account, amount in rows:
        freed[ledger, account] += amount
    store.add(connection, [], freed)
    return len(rows)


def require(connection: Connection, hold_id: str) -> Hold:
    """The hold; NotFound when there never was one."""
    hold = get(connection, hold_id)
    if hold is None:
        raise NotFound(f"hold {hold_id}: there is none.")
    return hold


def _end(connection: Connection, ended: Hold) -> Hold | None:
    """The hold after its one change of state, None when that had happened before."""
    row = connection.one(END, id=ended.id, state=ended.state, captured=ended.captured)
    return None if row is None else Hold(*row)
