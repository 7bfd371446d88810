"""Sessions of the console in the database. Plain functions over a connection, called within a work."""

from __future__ import annotations

from msgspec import Struct

from antiphon.db import Connection, Row

_COLUMNS = "digest, account, key_id, named, own, begun_at_ms, used_at_ms, ends_at_ms"


class Session(Struct, frozen=True):
    """Somebody who has signed in, by a key: one of the database, by its id, or one that settings name.

    `named` is the keyed digest of such a key, "" for one of the database; an `own` key was made for the session, and
    ends with it. `digest` is what is kept of the cookie.
    """

    digest: str
    account: str
    key_id: str
    named: str
    own: bool
    begun_at_ms: int
    used_at_ms: int
    ends_at_ms: int


def insert(connection: Connection, session: Session) -> None:
    """Keep a new one."""
    connection.run(
        f"INSERT INTO console_sessions ({_COLUMNS}) VALUES"
        " (:digest, :account, :key_id, :named, :own, :begun_at_ms, :used_at_ms, :ends_at_ms)",
        digest=session.digest,
        account=session.account,
        key_id=session.key_id,
        named=session.named,
        own=int(session.own),
        begun_at_ms=session.begun_at_ms,
        used_at_ms=session.used_at_ms,
        ends_at_ms=session.ends_at_ms,
    )


def find(connection: Connection, digest: str) -> Session | None:
    """The session of a cookie, good or not."""
    row = connection.one(f"SELECT {_COLUMNS} FROM console_sessions WHERE digest = :digest", digest=digest)
    return None if row is None else _session(row)


def of_account(connection: Connection, account: str) -> list[Session]:
    """The sessions of an account, those that were used last first."""
    sql = f"SELECT {_COLUMNS} FROM console_sessions WHERE account = :account ORDER BY used_at_ms DESC, digest"
    return [_session(row) for row in connection.all(sql, account=account)]


def use(connection: Connection, digest: str, now_ms: int) -> None:
    """Note that it is in use; of gateways that say so, the latest is right."""
    sql = "UPDATE console_sessions SET used_at_ms = :now_ms WHERE digest = :digest AND used_at_ms < :now_ms"
    connection.run(sql, digest=digest, now_ms=now_ms)


def delete(connection: Connection, digest: str) -> None:
    """Forget one."""
    connection.run("DELETE FROM console_sessions WHERE digest = :digest", digest=digest)


def overdue(connection: Connection, *, ended_by_ms: int, used_by_ms: int, limit: int) -> list[Session]:
    """Some of those whose time is up, or that were not used for too long."""
    sql = (
        f"SELECT {_COLUMNS} FROM console_sessions WHERE ends_at_ms <= :ended_by_ms OR used_at_ms <= :used_by_ms"
        " ORDER BY digest LIMIT :limit"
    )
    rows = connection.all(sql, ended_by_ms=ended_by_ms, used_by_ms=used_by_ms, limit=limit)
    return [_session(row) for row in rows]


def _session(row: Row) -> Session:
    digest, account, key_id, named, own, begun_at_ms, used_at_ms, ends_at_ms = row
    return Session(digest, account, key_id, named, bool(own), begun_at_ms, used_at_ms, ends_at_ms)
