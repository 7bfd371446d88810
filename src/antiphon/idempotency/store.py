"""Answers that may be asked for again, in the database. Plain functions over a connection, called within a work.

An answer belongs to a run, a gateway from its start to its end, until it is kept. Only that run may keep it or let go
of it; another may take it over when the run is dead.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.db import Connection
from antiphon.idempotency.request import Asked

State = Literal["running", "kept", "dropped"]

FORGOTTEN_AT_ONCE = 64
RUNNING_MS = 86_400_000  # longer than any request may take
RUN_MS = 2 * RUNNING_MS
FORGET = (
    "DELETE FROM idempotency_answers WHERE name IN (SELECT name FROM idempotency_answers"
    " WHERE expires_at_ms <= :now_ms ORDER BY expires_at_ms LIMIT :at_once)"
    " OR (name = :name AND expires_at_ms <= :now_ms)"
)
BEGIN = (
    "INSERT INTO idempotency_answers (name, account, fingerprint, state, run, expires_at_ms)"
    " VALUES (:name, :account, :fingerprint, 'running', :run, :expires_at_ms) ON CONFLICT DO NOTHING"
)
FIND = (
    "SELECT a.fingerprint, a.state, a.run, a.sealed, r.beat_ms FROM idempotency_answers AS a"
    " LEFT JOIN idempotency_runs AS r ON r.id = a.run WHERE a.name = :name"
)
OWN = "name = :name AND fingerprint = :fingerprint AND run = :run AND state = 'running'"
KEEP = (
    "UPDATE idempotency_answers SET state = 'kept', sealed = :sealed, size = :size, expires_at_ms = :expires_at_ms"
    f" WHERE {OWN}"
)
DROP = f"UPDATE idempotency_answers SET state = 'dropped', expires_at_ms = :expires_at_ms WHERE {OWN}"
ADD_BYTES = (
    "INSERT INTO idempotency_accounts (account, kept_bytes) VALUES (:account, :size)"
    " ON CONFLICT (account) DO UPDATE SET kept_bytes = idempotency_accounts.kept_bytes + :size RETURNING kept_bytes"
)
DROP_OLDEST = (
    "UPDATE idempotency_answers SET state = 'dropped', sealed = NULL, size = 0 WHERE name IN (SELECT name FROM"
    " (SELECT name, SUM(size) OVER (ORDER BY expires_at_ms DESC, name) AS total FROM idempotency_answers"
    " WHERE account = :account AND state = 'kept') AS s WHERE total > :bytes_max)"
)
COUNT_BYTES = (
    "UPDATE idempotency_accounts SET kept_bytes = (SELECT COALESCE(SUM(size), 0) FROM idempotency_answers"
    " WHERE account = :account AND state = 'kept') WHERE account = :account"
)


class Found(Struct, frozen=True):
    """An answer that was asked for before. `beat_ms` is the last beat of its run, None for a run that ended."""

    fingerprint: str
    state: State
    run: str
    sealed: str | None
    beat_ms: int | None


def begin(connection: Connection, asked: Asked, run: str, now_ms: int) -> Found | None:
    """None: the answer is this run's to make. Else what there is of it."""
    beat(connection, run, now_ms)
    connection.run(FORGET, now_ms=now_ms, at_once=FORGOTTEN_AT_ONCE, name=asked.name)
    begun = connection.run(
        BEGIN,
        name=asked.name,
        account=asked.account,
        fingerprint=asked.fingerprint,
        run=run,
        expires_at_ms=now_ms + RUNNING_MS,
    )
    if begun:
        return None
    row = connection.one(FIND, name=asked.name)
    assert row is not None, "nobody else writes within a work"
    return Found(*row)


def take_over(connection: Connection, asked: Asked, dead: str, run: str, now_ms: int) -> bool:
    """Whether the answer is this run's now, and not any more that of a run that is dead."""
    beat(connection, run, now_ms)
    sql = "UPDATE idempotency_answers SET run = :run WHERE name = :name AND run = :dead AND state = 'running'"
    return connection.run(sql, name=asked.name, dead=dead, run=run) == 1


def keep(
    connection: Connection, asked: Asked, run: str, sealed: str, *, account_bytes_max: int, expires_at_ms: int
) -> bool:
    """Keep a whole answer; False when it is not this run's any more.

    An account that has more than it may loses its oldest answers, down to three quarters of that.
    """
    size = len(sealed)
    if not connection.run(KEEP, **_own(asked, run), sealed=sealed, size=size, expires_at_ms=expires_at_ms):
        return False
    row = connection.one(ADD_BYTES, account=asked.account, size=size)
    assert row is not None, "an upsert has a row"
    if row[0] > account_bytes_max:
        connection.run(DROP_OLDEST, account=asked.account, bytes_max=account_bytes_max * 3 // 4)
        connection.run(COUNT_BYTES, account=asked.account)
    return True


def drop(connection: Connection, asked: Asked, run: str, expires_at_ms: int) -> bool:
    """Remember that it was answered, and not with what; False when the claim was another's by then."""
    return connection.run(DROP, **_own(asked, run), expires_at_ms=expires_at_ms) == 1


def let_go(connection: Connection, asked: Asked, run: str) -> None:
    """Forget that it was asked: whoever asks again is answered anew."""
    connection.run(f"DELETE FROM idempotency_answers WHERE {OWN}", **_own(asked, run))


def beat(connection: Connection, run: str, now_ms: int) -> None:
    """Say that the run is alive."""
    sql = "UPDATE idempotency_runs SET beat_ms = :now_ms WHERE id = :run"
    if not connection.run(sql, run=run, now_ms=now_ms):
        connection.run("INSERT INTO idempotency_runs (id, beat_ms) VALUES (:run, :now_ms)", run=run, now_ms=now_ms)
        connection.run("DELETE FROM idempotency_runs WHERE beat_ms < :before_ms", before_ms=now_ms - RUN_MS)


def end(connection: Connection, run: str) -> None:
    """The run is over: what it did not finish may be asked for anew."""
    connection.run("DELETE FROM idempotency_answers WHERE run = :run AND state = 'running'", run=run)
    connection.run("DELETE FROM idempotency_runs WHERE id = :run", run=run)


def _own(asked: Asked, run: str) -> dict[str, str]:
    return {"name": asked.name, "fingerprint": asked.fingerprint, "run": run}
