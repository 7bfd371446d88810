"""How much each account posts, counted in the database for all gateways. Functions over a connection, within a work."""

from __future__ import annotations

from antiphon.db import Connection

WINDOW_US = 60_000_000


def take(connection: Connection, account: str, per_minute: int, now_us: int) -> int:
    """Count a post; where it is one too many, nothing is counted and the microseconds until there is room are told.

    What a minute allows may be used at once; then it comes back evenly.
    """
    row = connection.one("SELECT full_at_us FROM channel_rates WHERE account = :account", account=account)
    full_at_us = max(now_us, 0 if row is None else int(row[0])) + WINDOW_US // per_minute
    if (wait_us := full_at_us - now_us - WINDOW_US) > 0:
        return wait_us
    connection.run(
        "INSERT INTO channel_rates (account, full_at_us) VALUES (:account, :full_at_us)"
        " ON CONFLICT (account) DO UPDATE SET full_at_us = excluded.full_at_us",
        account=account,
        full_at_us=full_at_us,
    )
    return 0


def forget_rested(connection: Connection, now_us: int) -> None:
    """Forget the accounts that may post all that a minute allows."""
    connection.run("DELETE FROM channel_rates WHERE full_at_us <= :now_us", now_us=now_us)
