"""The runs of gateways in the database. Plain functions over a connection, called within a work.

Whatever holds money belongs to a run. When a run ends, by itself or because it fell silent, all of it is free again.
"""

from __future__ import annotations

from collections import defaultdict

from msgspec import Struct

from antiphon.credits import hold_store, store
from antiphon.credits.ledger import AccountKey
from antiphon.db import Connection

RUNS = (
    "SELECT g.epoch, g.gateway, g.beat FROM ledger_gateways AS g"
    " WHERE EXISTS (SELECT 1 FROM ledger_leases AS l WHERE l.epoch = g.epoch)"
    " OR EXISTS (SELECT 1 FROM ledger_holds AS h WHERE h.state = 'open' AND h.epoch = g.epoch)"
    " OR EXISTS (SELECT 1 FROM budget_holds AS b WHERE b.epoch = g.epoch) ORDER BY g.epoch"
)
UNLEASE = "DELETE FROM ledger_leases WHERE epoch = :epoch RETURNING ledger, account, granted - spent"
ENDLESS_MS = 2**63 - 1


class Run(Struct, frozen=True):
    """One run of a gateway that holds money, and how often it has said that it is alive."""

    epoch: int
    gateway: str
    beat: int


def begin(connection: Connection, gateway: str) -> int:
    """The epoch of a new run. What earlier runs of the same gateway held is free at once: only one can be alive."""
    row = connection.one("UPDATE ledger_epochs SET last = last + 1 WHERE id = 1 RETURNING last")
    assert row is not None, "the counter has its row"
    for (earlier,) in connection.all("SELECT epoch FROM ledger_gateways WHERE gateway = :gateway", gateway=gateway):
        end(connection, earlier)
    connection.run(
        "INSERT INTO ledger_gateways (epoch, gateway, beat) VALUES (:epoch, :gateway, 0)", epoch=row[0], gateway=gateway
    )
    return int(row[0])


def beat(connection: Connection, epoch: int) -> bool:
    """Say that the run is alive; False when others have ended it."""
    return connection.run("UPDATE ledger_gateways SET beat = beat + 1 WHERE epoch = :epoch", epoch=epoch) == 1


def runs(connection: Connection) -> list[Run]:
    """All runs that hold money."""
    return [Run(*row) for row in connection.all(RUNS)]


def end_silent(connection: Connection, run: Run) -> bool:
    """End a run, unless it has said since then that it is alive."""
    sql = "UPDATE ledger_gateways SET beat = beat + 1 WHERE epoch = :epoch AND beat = :beat"
    if not connection.run(sql, epoch=run.epoch, beat=run.beat):
        return False
    end(connection, run.epoch)
    return True


def end(connection: Connection, epoch: int) -> None:
    """End a run: its leases are gone, its open holds expired, and nobody can settle for it any more."""
    hold_store.expire(connection, epoch, ENDLESS_MS)
    freed: defaultdict[AccountKey, int] = defaultdict(int)
    for ledger, account, amount in connection.all(UNLEASE, epoch=epoch):
        freed[ledger, account] += amount
    store.add(connection, [], freed)
    connection.run("DELETE FROM budget_holds WHERE epoch = :epoch", epoch=epoch)
    connection.run("DELETE FROM ledger_gateways WHERE epoch = :epoch", epoch=epoch)
