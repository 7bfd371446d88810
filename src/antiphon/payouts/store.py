"""Payouts in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.credits import earnings, ledger
from antiphon.credits import store as books
from antiphon.db import Connection
from antiphon.payouts.model import Due, Payout, Plan, planned
from antiphon.trust import store as trust

COLUMNS = "id, owner, network, asset, payer, nonce, amount, valid_before, from_block, state, tx_hash"
INSERT = (
    f"INSERT INTO payouts ({COLUMNS}, created_at_ms) VALUES (:id, :owner, :network, :asset, :payer, :nonce, :amount,"
    " :valid_before, :from_block, 'sending', '', :at_ms)"
)
PART = "INSERT INTO payout_parts (payout, account, amount) VALUES (:payout, :account, :amount)"
SENDING = f"SELECT {COLUMNS} FROM payouts WHERE state = 'sending' ORDER BY id"
PAY = "UPDATE payouts SET state = 'paid', tx_hash = :tx_hash, ended_at_ms = :at_ms WHERE id = :id AND state = 'sending'"
END = "UPDATE payouts SET state = 'dead', reason = :reason, ended_at_ms = :at_ms WHERE id = :id AND state = 'sending'"


def plan(connection: Connection, *, minimum: int) -> Plan:
    """What is due to whom, by the books as they are now."""
    sending: dict[str, int] = {}
    for payout in unsettled(connection):
        sending[payout.owner] = sending.get(payout.owner, 0) + payout.amount
    quarantined = {node for node, one in trust.standings(connection).items() if one.accused is not None}
    earned = earnings.statement(connection, owner=None, ledger="USDC")
    return planned(earned, sending=sending, quarantined=quarantined, minimum=minimum)


def intend(connection: Connection, payouts: Sequence[Payout], *, minimum: int, at_ms: int) -> list[Payout]:
    """Keep payments of what is due, before anything is sent; those of `payouts` that still are what the books say.

    Works that write take turns, so of two that plan at once the second finds the payments of the first on their way.
    """
    due = {one.owner: one for one in plan(connection, minimum=minimum).due}
    kept = []
    for payout in payouts:
        one = due.get(payout.owner)
        if one is not None and one.amount == payout.amount:
            _insert(connection, payout, one, at_ms)
            kept.append(payout)
    return kept


def unsettled(connection: Connection) -> list[Payout]:
    """Payments of which nobody knows yet what became of them."""
    return [Payout(*row) for row in connection.all(SENDING)]


def pay(connection: Connection, payout: Payout, tx_hash: str, *, at_ms: int) -> bool:
    """Book a payment that the chain has; False when it was booked before.

    The row and the journal are written together or not at all, and the journal's id is derived from the payment's.
    """
    if not connection.run(PAY, id=payout.id, tx_hash=tx_hash, at_ms=at_ms):
        return False
    parts = connection.all("SELECT account, amount FROM payout_parts WHERE payout = :payout", payout=payout.id)
    posted = books.post(connection, ledger.payout(payout.id, dict(parts), at_ms=at_ms))
    assert posted, "the journal is written with the row"
    return True


def end(connection: Connection, payout: Payout, reason: str, *, at_ms: int) -> None:
    """Give up a payment that never will be made; what it was to pay is owed again."""
    connection.run(END, id=payout.id, reason=reason, at_ms=at_ms)


def _insert(connection: Connection, payout: Payout, due: Due, at_ms: int) -> None:
    connection.run(
        INSERT,
        id=payout.id,
        owner=payout.owner,
        network=payout.network,
        asset=payout.asset,
        payer=payout.payer,
        nonce=payout.nonce,
        amount=payout.amount,
        valid_before=payout.valid_before,
        from_block=payout.from_block,
        at_ms=at_ms,
    )
    for account, amount in due.parts.items():
        connection.run(PART, payout=payout.id, account=account, amount=amount)
