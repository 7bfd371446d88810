"""What a database's own clock says: one clock for all that share it. Pure."""

from __future__ import annotations

from antiphon.db import address

POSTGRES = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
SQLITE = "SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"  # the clock of the machine


def now_sql(url: str | None) -> str:
    """The statement that selects the microseconds since 1970; no URL stands for a file of SQLite."""
    return POSTGRES if url is not None and address.of_server(url) else SQLITE
