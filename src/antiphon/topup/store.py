"""Top-ups in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

from antiphon.credits import ledger
from antiphon.credits import store as books
from antiphon.db import Connection, Row
from antiphon.topup.model import Topup

COLUMNS = "id, network, asset, pay_to, payer, nonce, account, amount, valid_before, from_block, state, tx_hash"
INSERT = (
    f"INSERT INTO topups ({COLUMNS}, attempt_until_ms, created_at_ms) VALUES"
    " (:id, :network, :asset, :pay_to, :payer, :nonce, :account, :amount, :valid_before, :from_block, 'settling', '',"
    " :until_ms, :at_ms) ON CONFLICT DO NOTHING"
)
CLAIM = (
    "UPDATE topups SET attempt_until_ms = :until_ms"
    " WHERE id = :id AND state = 'settling' AND attempt_until_ms <= :now_ms"
)
CREDIT = (
    "UPDATE topups SET state = 'credited', tx_hash = :tx_hash, reason = '', ended_at_ms = :at_ms"
    f" WHERE id = :id AND state <> 'credited' RETURNING {COLUMNS}"
)
END = "UPDATE topups SET state = 'dead', reason = :reason, ended_at_ms = :at_ms WHERE id = :id AND state = 'settling'"
UNSETTLED = f"SELECT {COLUMNS} FROM topups WHERE state = 'settling' AND id > :after ORDER BY id LIMIT :limit"
CREDITED = f"SELECT {COLUMNS} FROM topups WHERE state = 'credited' AND id > :after ORDER BY id LIMIT :limit"


def find(connection: Connection, topup_id: str) -> Topup | None:
    """The top-up of that id."""
    row = connection.one(f"SELECT {COLUMNS} FROM topups WHERE id = :id", id=topup_id)
    return None if row is None else _topup(row)


def insert(connection: Connection, topup: Topup, *, until_ms: int, at_ms: int) -> bool:
    """Keep a payment before it is settled, claimed until then; False when somebody was quicker."""
    made = connection.run(
        INSERT,
        id=topup.id,
        network=topup.network,
        asset=topup.asset,
        pay_to=topup.pay_to,
        payer=topup.payer,
        nonce=topup.nonce,
        account=topup.account,
        amount=topup.amount,
        valid_before=topup.valid_before,
        from_block=topup.from_block,
        until_ms=until_ms,
        at_ms=at_ms,
    )
    return made == 1


def claim(connection: Connection, topup_id: str, *, until_ms: int, now_ms: int) -> bool:
    """Take on an unsettled payment that nobody works at; False when somebody does, or it has ended."""
    return connection.run(CLAIM, id=topup_id, until_ms=until_ms, now_ms=now_ms) == 1


def release(connection: Connection, topup_id: str) -> None:
    """Leave an unsettled payment to whoever comes next."""
    connection.run("UPDATE topups SET attempt_until_ms = 0 WHERE id = :id", id=topup_id)


def credit(connection: Connection, topup_id: str, tx_hash: str, *, at_ms: int) -> bool:
    """Credit a payment that the chain has; False when it was credited before.

    The row and the journal are written together or not at all, and the journal's id is derived from the payment's.
    """
    row = connection.one(CREDIT, id=topup_id, tx_hash=tx_hash, at_ms=at_ms)
    if row is None:
        return False
    topup = _topup(row)
    posted = books.post(connection, ledger.topup(ledger.user(topup.account), topup.id, topup.amount, at_ms=at_ms))
    assert posted, "the journal is written with the row"
    return True


def end(connection: Connection, topup_id: str, reason: str, *, at_ms: int) -> None:
    """Give up a payment that never will be made."""
    connection.run(END, id=topup_id, reason=reason, at_ms=at_ms)


def unsettled(connection: Connection, *, after: str, limit: int) -> list[Topup]:
    """Payments of which nobody knows yet what became of them, by id."""
    return [_topup(row) for row in connection.all(UNSETTLED, after=after, limit=limit)]


def credited(connection: Connection, *, after: str, limit: int) -> list[Topup]:
    """Payments that were credited, by id."""
    return [_topup(row) for row in connection.all(CREDITED, after=after, limit=limit)]


def _topup(row: Row) -> Topup:
    return Topup(*row)
