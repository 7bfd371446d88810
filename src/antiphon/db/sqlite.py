"""SQLite: one file with a write-ahead log; every commit is on the disk before it is answered."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import NoReturn

from antiphon.db import ConstraintBroken, Row, StatementFailed, Value
from antiphon.db.session import DatabaseFailed, Kind
from antiphon.db.threaded import Driver
from antiphon.errors import ConfigError

BUSY_TIMEOUT_S = 5.0
WAL_BYTES_MAX = 64 * 1024 * 1024  # what a burst leaves behind is given back

# What SQLite's primary result codes say about the database rather than about a statement.
FAILURES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
PRIMARY_CODE = 0xFF


def driver(path: Path) -> Driver:
    """Connections to the file, which `create` has made."""
    return Driver(lambda: SQLiteSession(path, writes=True), lambda: SQLiteSession(path, writes=False))


def create(path: Path) -> None:
    """Make the file unless it is there, for its owner's eyes only, and check it; ConfigError when it is no good."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise ConfigError(f"database.url: {path} cannot be used: {error.strerror}.") from error
    try:
        session = SQLiteSession(path, writes=True)
        try:
            faults = session.all("PRAGMA quick_check(1)")
        finally:
            session.close()
    except DatabaseFailed as failure:
        raise ConfigError(f"database.url: {path} cannot be used: {failure.reason}.") from failure
    if faults != [("ok",)]:
        raise ConfigError(f"database.url: {path} is damaged ({faults[0][0]}); put a backup in its place.")


class SQLiteSession:
    """A connection to the file."""

    def __init__(self, path: Path, *, writes: bool) -> None:
        self._path = path
        self._begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
        self._failure: Exception | None = None
        address = f"{path.absolute().as_uri()}?mode=rw"
        try:
            self._connection = sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        except sqlite3.Error as error:
            self._fail(error)
        try:
            self._set_up(writes=writes)
        except BaseException:
            self.close()
            raise

    def _set_up(self, *, writes: bool) -> None:
        self.all("PRAGMA journal_mode = WAL")
        self.all("PRAGMA synchronous = FULL")
        self.all("PRAGMA foreign_keys = ON")
        self.all("PRAGMA cell_size_check = ON")
        self.all("PRAGMA temp_store = MEMORY")
        self.all(f"PRAGMA journal_size_limit = {WAL_BYTES_MAX}")
        if writes:
            # After an error of the disk, what the log holds is not known to be on it: it moves into the file now.
            self.all("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            self.all("PRAGMA query_only = ON")

    def all(self, sql: str, /, **values: Value) -> list[Row]:
        """Every row of a statement."""
        try:
            return self._execute(sql, values).fetchall()
        except sqlite3.Error as error:
            self._fail(error)

    def one(self, sql: str, /, **values: Value) -> Row | None:
        """The first row of a statement; the rest is left unread."""
        rows = self.all(sql, **values)
        return rows[0] if rows else None

    def run(self, sql: str, /, **values: Value) -> int:
        """The number of rows that a statement changed."""
        try:
            cursor = self._execute(sql, values)
            cursor.fetchall()
            return cursor.rowcount
        except sqlite3.Error as error:
            self._fail(error)

    def begin(self) -> None:
        """Start a transaction; a writer's waits until no other process writes."""
        self._failure = None
        self.all(self._begin)

    def commit(self) -> None:
        """Make the transaction durable."""
        self.all("COMMIT")

    def rollback(self) -> None:
        """Undo the transaction, if it is not undone yet."""
        self._failure = None
        if self._connection.in_transaction:
            self.all("ROLLBACK")

    def savepoint(self) -> None:
        """Mark where one work begins."""
        self.all("SAVEPOINT work")

    def release(self) -> None:
        """Keep what was done since the savepoint."""
        self.all("RELEASE work")

    def undo(self) -> None:
        """Undo what was done since the savepoint."""
        self._failure = None
        self.all("ROLLBACK TO work")
        self.all("RELEASE work")

    def probe(self) -> None:
        """Write one page and make it durable."""
        self.begin()
        self.all(f"PRAGMA user_version = {self.all('PRAGMA user_version')[0][0]}")
        self.commit()

    def close(self) -> None:
        """Let go of the file; an open transaction is undone."""
        self._connection.close()

    def _execute(self, sql: str, values: dict[str, Value]) -> sqlite3.Cursor:
        if self._failure is not None:
            raise self._failure
        return self._connection.execute(sql, values)

    def _fail(self, error: sqlite3.Error) -> NoReturn:
        self._failure = _translated(error)
        raise self._failure from error


def _translated(error: sqlite3.Error) -> Exception:
    """What a work's caller, or the thread, is told."""
    code = getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE
    if code == sqlite3.SQLITE_CONSTRAINT:
        return ConstraintBroken(str(error))
    if code in FAILURES:
        name = getattr(error, "sqlite_errorname", "")
        return DatabaseFailed(Kind.DOWN, f"{error} ({name})")
    return StatementFailed(str(error))
