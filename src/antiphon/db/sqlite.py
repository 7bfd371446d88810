"""SQLite: one file with a write-ahead log; every commit is on the disk before it is answered."""

from __future__ import annotations

import math
import os
import sqlite3
from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from antiphon.clock import Clock
from antiphon.db import ConstraintBroken, Row, StatementFailed, Value
from antiphon.db.scan import with_question_marks
from antiphon.db.session import DAMAGED, DatabaseFailed, Kind, Use
from antiphon.errors import ConfigError

VERSION_MIN = (3, 35, 0)  # the first with RETURNING
READERS = 2
STEPS_BETWEEN_CHECKS = 100_000  # of SQLite's virtual machine, about a millisecond

PAGE_BYTES = 8192  # of a new file: what is written for many requests at once takes fewer pages, each its own calls
WAL_ATTEMPTS = 50  # each waits for the lock of whoever was in the way

CHECKED_BYTES_MAX = 4 * 1024**3  # a few seconds of reading

SETTINGS = (
    "synchronous = FULL",
    "foreign_keys = ON",
    "cell_size_check = ON",
    "secure_delete = ON",  # what is deleted is overwritten, not only forgotten
    "temp_store = MEMORY",
    f"journal_size_limit = {64 * 1024 * 1024}",  # what a burst needed is given back
)

# What SQLite's primary result codes say about the database rather than about a statement.
FAILURES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
PRIMARY_CODE = 0xFF


class Limits(Struct, frozen=True):
    """How long a transaction waits for another process to let go of the file, and a statement may take."""

    lock_s: float = 1.5
    migrate_lock_s: float = 60.0
    statement_s: float = 5.0


class Trust:
    """What all connections to a file know of it: whether its disk has erred, and how it is damaged, if it is."""

    def __init__(self) -> None:
        self.disk_erred = False
        self.damage: str | None = None


class SQLiteDriver:
    """Connections to a file, which `create` has made. Once it was found to be damaged, none of them is used again."""

    readers = READERS

    def __init__(self, path: Path, *, clock: Clock, limits: Limits = Limits()) -> None:
        self._path = path
        self._clock = clock
        self._limits = limits
        self._trust = Trust()

    def connect(self, use: Use) -> SQLiteSession:
        """A connection; one that migrates may take its time.

        After an error of the disk, what the log holds may be in memory only, and what follows it in the log would be
        lost with it: so before anything is written, all of it moves into the file, and the log begins anew.
        """
        session = SQLiteSession(self._path, use, clock=self._clock, limits=self._limits, trust=self._trust)
        if use is Use.WRITE and self._trust.disk_erred:
            try:
                session.empty_log()
            except BaseException:
                session.close()
                raise
            self._trust.disk_erred = False
        return session


def create(path: Path) -> None:
    """Make the file unless it is there, for its owner's eyes only; ConfigError when that cannot be."""
    if sqlite3.sqlite_version_info < VERSION_MIN:
        raise ConfigError(f"database.url: SQLite 3.35 or newer is needed, this Python has {sqlite3.sqlite_version}.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():  # to open and close it would break the locks that this process may have on it
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise ConfigError(f"database.url: {path} cannot be used: {error.strerror}.") from error


class SQLiteSession:
    """A connection to the file."""

    def __init__(self, path: Path, use: Use, *, clock: Clock, limits: Limits, trust: Trust) -> None:
        self._path = path
        self._use = use
        self._now = clock.monotonic
        self._until = math.inf
        self._statement_s = limits.statement_s
        self._trust = trust
        self.failure: Exception | None = None
        address = f"{path.absolute().as_uri()}?mode=rw"
        try:
            lock_s = limits.migrate_lock_s if use is Use.MIGRATE else limits.lock_s
            self._connection = sqlite3.connect(address, uri=True, timeout=lock_s, isolation_level=None)
            self._file = _identity(path)
        except (sqlite3.Error, OSError) as error:
            self._fail(error)
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def _set_up(self) -> None:
        self._keep_log()
        for setting in SETTINGS:
            self.all(f"PRAGMA {setting}")
        if self._use is Use.READ:
            self.all("PRAGMA query_only = ON")
        if self._use is not Use.MIGRATE:
            self._connection.set_progress_handler(self._late, STEPS_BETWEEN_CHECKS)

    def _keep_log(self) -> None:
        """Have the file keep a write-ahead log, in pages of a size that only a new file is given.

        Of several connections that give a new file its log at once, SQLite refuses all but one, and without waiting,
        as none of them would let go of what it read. So each that is refused lets go, waits, and asks again.
        """
        self.all(f"PRAGMA page_size = {PAGE_BYTES}")
        for _ in range(WAL_ATTEMPTS):
            try:
                self._connection.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.Error as error:
                if _code(error) != sqlite3.SQLITE_BUSY:
                    self._fail(error)
            else:
                return
            self.all("BEGIN IMMEDIATE")
            self.all("ROLLBACK")
        raise DatabaseFailed(Kind.DOWN, f"{self._path}: other processes keep its log from being set up")

    def all(self, sql: str, /, *listed: Value, **values: Value) -> list[Row]:
        """Every row of a statement."""
        return self._execute(sql, values, listed)[0]

    def one(self, sql: str, /, **values: Value) -> Row | None:
        """The first row of a statement, None when there is none."""
        rows = self._execute(sql, values)[0]
        return rows[0] if rows else None

    def run(self, sql: str, /, *listed: Value, **values: Value) -> int:
        """The number of rows that a statement changed."""
        return max(self._execute(sql, values, listed)[1], 0)

    def begin(self) -> None:
        """Start a transaction; a writer's waits until no other process writes."""
        self.failure = None
        if self._trust.damage is not None:
            raise DatabaseFailed(Kind.DAMAGED, self._trust.damage)
        if self._use is Use.READ:
            self._control("BEGIN")
            return
        if _identity(self._path) != self._file:
            raise DatabaseFailed(Kind.DOWN, f"{self._path} was moved or removed")
        self._control("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make the transaction durable."""
        try:
            self._control("COMMIT")
        except DatabaseFailed as failure:
            if _code(failure.__cause__) == sqlite3.SQLITE_IOERR:
                # It stands in the log, perhaps whole: whoever opens the file next may find it there.
                raise DatabaseFailed(Kind.UNCONFIRMED, failure.reason) from failure
            raise

    def rollback(self) -> None:
        """Undo the transaction, unless an error has undone it already."""
        self.failure = None
        if self._connection.in_transaction:
            self._control("ROLLBACK")

    def savepoint(self) -> None:
        """Mark where one work begins."""
        self._control("SAVEPOINT work")

    def release(self) -> None:
        """Keep what was done since the savepoint."""
        self._control("RELEASE work")

    def undo(self) -> None:
        """Undo what was done since the savepoint."""
        self.failure = None
        self._control("ROLLBACK TO work")
        self._control("RELEASE work")

    def check(self) -> None:
        """Raise ConfigError when the pages of the file do not fit together; a very large file is not read for that."""
        if self._path.stat().st_size > CHECKED_BYTES_MAX:
            return
        self._connection.set_progress_handler(None, 0)  # it may take as long as it takes
        (finding,) = self.all("PRAGMA quick_check(1)")[0]
        if finding != "ok":
            raise ConfigError(f"database.url: {self._damaged(' '.join(finding.split()))}.", code=DAMAGED)

    def probe(self) -> None:
        """Return when a reader can read, a writer write a page and make it durable."""
        self.begin()
        (version,) = self.all("PRAGMA user_version")[0]
        if self._use is not Use.READ:
            self.all(f"PRAGMA user_version = {version}")
        self.commit()

    def empty_log(self) -> None:
        """Move all that the log holds into the file, and make it durable there."""
        busy, _, _ = self.all("PRAGMA wal_checkpoint(TRUNCATE)")[0]
        if busy:
            raise DatabaseFailed(Kind.DOWN, "after an error of the disk, a reader keeps the log from being emptied")

    def close(self) -> None:
        """Let go of the file; an open transaction is undone."""
        self._connection.close()

    def _execute(self, sql: str, values: dict[str, Value], listed: tuple[Value, ...] = ()) -> tuple[list[Row], int]:
        if self.failure is not None:
            raise self.failure
        self._until = self._now() + self._statement_s
        try:
            text, names = with_question_marks(sql)
            first = names.index("v0") if listed else 0
            named = [values[name] for name in names[:first] + names[first + len(listed) :]]
            given = (*named[:first], *listed, *named[first:])
            if _holds_nul(given):
                raise ValueError("a text holds U+0000, which not every database can store")
            cursor = self._connection.execute(text, given)
            return cursor.fetchall(), cursor.rowcount
        except KeyError as error:
            self._fail(ValueError(f"the statement's value {error} is missing"))
        except (sqlite3.Error, ValueError, OverflowError) as error:
            self._fail(error)

    def _control(self, sql: str) -> None:
        try:
            self._execute(sql, {})
        except StatementFailed as error:
            raise DatabaseFailed(Kind.DOWN, f"{sql}: {error}") from error

    def _damaged(self, found: str) -> str:
        return f"{self._path} is damaged ({found}); stop what uses it, keep the file, and put a backup in its place"

    def _late(self) -> bool:
        """Whether the statement that runs is to be ended."""
        return self._now() > self._until

    def _fail(self, error: Exception) -> NoReturn:
        if _code(error) == sqlite3.SQLITE_IOERR:
            self._trust.disk_erred = True
        self.failure = self._translated(error)
        raise self.failure from error

    def _translated(self, error: Exception) -> Exception:
        """What a work's caller, or the thread, is told."""
        code = _code(error)
        if self._use is Use.READ and getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY:
            return StatementFailed("a read may not write")
        if code == sqlite3.SQLITE_CONSTRAINT:
            return ConstraintBroken(str(error))
        if code == sqlite3.SQLITE_INTERRUPT:
            return DatabaseFailed(Kind.SLOW, "a statement took too long")
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        if code in DAMAGE:
            self._trust.damage = self._damaged(f"{error}, {name}")
            return DatabaseFailed(Kind.DAMAGED, self._trust.damage)
        if code in FAILURES or isinstance(error, OSError):
            return DatabaseFailed(Kind.DOWN, f"{self._path}: {error} ({name})")
        return StatementFailed(str(error))


def _code(error: BaseException | None) -> int:
    """SQLite's primary result code, 0 for what is not from SQLite."""
    return int(getattr(error, "sqlite_errorcode", 0)) & PRIMARY_CODE


def _holds_nul(values: tuple[Value, ...]) -> bool:
    """Whether a text has U+0000 in it. A loop: what writes much is called with hundreds of values at a time."""
    for value in values:
        if type(value) is str and "\0" in value:
            return True
    return False


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file a path names; None when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
