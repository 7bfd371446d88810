"""Budgets of keys that may spend only so much in all. Plain functions over a connection, called within a work.

What a key's requests may still cost is held of its budget first, and of its account's money then. The hold belongs to
a gateway's run and ends with it. A key that another one replaced goes on with the other's budget.
"""

from __future__ import annotations

from collections.abc import Mapping

from antiphon.accounts import store as keys
from antiphon.credits import gateway_store
from antiphon.credits.money import usdc_text
from antiphon.db import Connection
from antiphon.errors import InsufficientCredits

INSERT = "INSERT INTO budget_holds (id, budget, epoch, amount) VALUES (:id, :budget, :epoch, :amount)"
SPEND = "UPDATE budgets SET spent = spent + :amount WHERE id = :budget"


def hold(connection: Connection, key_id: str, hold_id: str, amount: int, *, cap: int, epoch: int) -> bool:
    """Hold a part of what the key may spend; False when the run was ended, InsufficientCredits beyond the cap."""
    if not gateway_store.beat(connection, epoch):
        return False
    budget = _budget(connection, key_id)
    left = cap - spent(connection, budget) - _held(connection, budget)
    if left < amount:
        message = (
            f"The key may spend {usdc_text(cap)} USDC in all: {usdc_text(amount)} are needed, "
            f"{usdc_text(max(left, 0))} are left of that."
        )
        raise InsufficientCredits(message, code="spend_cap_reached")
    connection.run(INSERT, id=hold_id, budget=budget, epoch=epoch, amount=amount)
    return True


def spend(connection: Connection, charged: Mapping[str, int]) -> None:
    """End holds, by their ids, for what was charged; one that has ended stays so."""
    for hold_id, amount in charged.items():
        row = connection.one("DELETE FROM budget_holds WHERE id = :id RETURNING budget", id=hold_id)
        if row is not None and amount:
            connection.run(SPEND, budget=row[0], amount=amount)


def spent(connection: Connection, budget: str) -> int:
    """What was charged to a budget so far."""
    row = connection.one("SELECT spent FROM budgets WHERE id = :id", id=budget)
    return 0 if row is None else int(row[0])


def _held(connection: Connection, budget: str) -> int:
    row = connection.one("SELECT SUM(amount) FROM budget_holds WHERE budget = :budget", budget=budget)
    return 0 if row is None or row[0] is None else int(row[0])


def _budget(connection: Connection, key_id: str) -> str:
    """The budget that the key spends of: its own, unless it replaced another key."""
    row = connection.one("SELECT budget FROM budgets WHERE id = :id", id=key_id)
    if row is not None:
        return str(row[0])
    replaced = keys.predecessor(connection, key_id)
    budget = key_id if replaced is None else _budget(connection, replaced)
    connection.run("INSERT INTO budgets (id, budget) VALUES (:id, :budget)", id=key_id, budget=budget)
    return budget
