"""PostgreSQL: a server that several gateways may share; every commit is durable there before it is answered."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any, NoReturn, TypeVar

import psycopg
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import ConnectionTimeout
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper

from antiphon.clock import Clock
from antiphon.db import ConstraintBroken, Row, StatementFailed, Value
from antiphon.db.scan import with_percent_names
from antiphon.db.session import DatabaseFailed, Kind, Use
from antiphon.errors import ConfigError

READERS = 4
STATEMENT_S_MAX = 1.5  # the server ends what takes longer, and says so
IDLE_S_MAX = 5  # a gateway that fell silent within a transaction does not keep the others waiting for its lock
ANSWER_S_MAX = 1.9  # a server that says nothing at all for this long is not there
FIND_OUT_FOR_S = 1.5
FIND_OUT_PAUSE_S = 0.05
WRITERS_LOCK = 0x616E7469  # one number that all gateways of a database agree on
VOLATILE_LOCK = 0x616E7470  # of those that write only what a crash of the server may take

READ_ONLY = "25006"
# What the classes and codes of SQLSTATE say about the database rather than about a statement; codes first.
KINDS = {
    "40001": Kind.CONFLICT,
    "40P01": Kind.CONFLICT,
    "57014": Kind.SLOW,
    "55P03": Kind.DOWN,
    READ_ONLY: Kind.DOWN,  # a standby answers
    "25P03": Kind.LOST,
    "08": Kind.LOST,
    "57": Kind.LOST,
    "53": Kind.DOWN,
    "58": Kind.DOWN,
    "XX": Kind.DOWN,
}
CONSTRAINTS = "23"

RV = TypeVar("RV")


class PostgresDriver:
    """Connections to the database that a URL names.

    Those that are `volatile` wait for no disk, and take turns among themselves only: nothing that other writers write
    may be written by them. A crash of the server takes what they wrote in its last second.
    """

    readers = READERS

    def __init__(self, url: str, *, clock: Clock, volatile: bool = False) -> None:
        self._clock = clock
        self._volatile = volatile
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise ConfigError("database.url: expected postgresql://USER:PASSWORD@HOST/NAME.") from error
        # After a failover, never a standby: what was just written has to be there.
        self._parameters = {"target_session_attrs": "read-write", "application_name": "antiphon", **given}
        self._parameters |= {"client_encoding": "UTF8", "connect_timeout": 2}

    def connect(self, use: Use) -> PostgresSession:
        """A connection; one that migrates may take its time."""
        durable = "off" if self._volatile else "on"
        options = [str(self._parameters.get("options") or ""), f"-c synchronous_commit={durable}"]
        if use is not Use.MIGRATE:
            options += [
                f"-c statement_timeout={STATEMENT_S_MAX}s",
                f"-c idle_in_transaction_session_timeout={IDLE_S_MAX}s",
            ]
        conninfo = make_conninfo("", **{**self._parameters, "options": " ".join(options)})
        lock = VOLATILE_LOCK if self._volatile else WRITERS_LOCK
        return PostgresSession(conninfo, use, clock=self._clock, lock=lock)


class PostgresSession:
    """A connection to the server.

    All writers of a database take turns: each transaction begins with the same advisory lock, since groups that each
    lock many rows would meet in deadlocks. The lock also settles a commit whose answer was lost with its connection:
    on a new connection whoever has the lock knows that the old transaction is over, and asks what became of it.
    """

    def __init__(self, conninfo: str, use: Use, *, clock: Clock, lock: int = WRITERS_LOCK) -> None:
        self._conninfo = conninfo
        self._use = use
        self._clock = clock
        self._lock = lock
        self._transaction = ""
        self.failure: Exception | None = None
        self._connection = self._connect()

    def all(self, sql: str, /, *listed: Value, **values: Value) -> list[Row]:
        """Every row of a statement."""
        cursor = self._execute(sql, _named(listed, values))
        return cursor.fetchall() if cursor.description is not None else []

    def one(self, sql: str, /, **values: Value) -> Row | None:
        """The first row of a statement, None when there is none."""
        cursor = self._execute(sql, values)
        return cursor.fetchone() if cursor.description is not None else None

    def run(self, sql: str, /, *listed: Value, **values: Value) -> int:
        """The number of rows that a statement changed."""
        return max(self._execute(sql, _named(listed, values)).rowcount, 0)

    def begin(self) -> None:
        """Start a transaction; a writer's waits for its turn."""
        self.failure = None
        if self._use is Use.READ:
            self._command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return
        cursor = self._command(f"BEGIN; SELECT pg_advisory_xact_lock({self._lock}), pg_current_xact_id()::text")
        cursor.nextset()
        row = cursor.fetchone()
        assert row is not None
        self._transaction = row[1]

    def commit(self) -> None:
        """Make the transaction durable; if the answer is lost, find out whether it was."""
        try:
            status = self._command("COMMIT").statusmessage
        except DatabaseFailed as failure:
            if failure.kind is Kind.LOST:
                self._find_out()
                return
            if failure.kind is Kind.DOWN and self._connection.closed:
                raise DatabaseFailed(Kind.UNCONFIRMED, failure.reason) from failure
            raise
        if status != "COMMIT":
            raise DatabaseFailed(Kind.DOWN, "the server had ended the transaction before its commit")

    def rollback(self) -> None:
        """Undo the transaction, if there is one."""
        self.failure = None
        if self._connection.info.transaction_status is not TransactionStatus.IDLE:
            self._command("ROLLBACK")

    def savepoint(self) -> None:
        """Mark where one work begins."""
        self._command("SAVEPOINT work")

    def release(self) -> None:
        """Keep what was done since the savepoint."""
        self._command("RELEASE work")

    def undo(self) -> None:
        """Undo what was done since the savepoint."""
        self.failure = None
        self._command("ROLLBACK TO work; RELEASE work")

    def check(self) -> None:
        """The server looks after what it stores."""

    def probe(self) -> None:
        """Return when the server answers, and a writer can have its turn."""
        self.begin()
        self.rollback()

    def close(self) -> None:
        """Let go of the connection; the server undoes an open transaction."""
        self._connection.close()

    def _find_out(self) -> None:
        """Return if the transaction whose commit was not answered was committed, on a new connection."""
        transaction = self._transaction
        until = self._clock.monotonic() + FIND_OUT_FOR_S
        while True:
            try:
                self._connection.close()
                self._connection = self._connect()
                self.begin()
                row = self.one("SELECT pg_xact_status(CAST(:id AS xid8))", id=transaction)
                self.rollback()
                break
            except (DatabaseFailed, StatementFailed) as error:
                # A server that was replaced may never have heard of the transaction.
                lost = isinstance(error, DatabaseFailed) and error.kind is Kind.LOST
                if not lost or self._clock.monotonic() > until:
                    raise DatabaseFailed(Kind.UNCONFIRMED, f"the answer to a commit was lost: {error}") from error
                time.sleep(FIND_OUT_PAUSE_S)
        if row == ("aborted",):
            raise DatabaseFailed(Kind.LOST, "the connection was lost before the commit")
        if row != ("committed",):
            raise DatabaseFailed(Kind.UNCONFIRMED, "the server no longer knows what became of a commit")

    def _connect(self) -> _BoundedConnection:
        try:
            connection = _BoundedConnection.connect(self._conninfo, autocommit=True)
        except psycopg.Error as error:
            silent = isinstance(error, ConnectionTimeout)
            raise DatabaseFailed(Kind.DOWN if silent else Kind.LOST, _line(error)) from error
        if self._use is not Use.MIGRATE:
            connection.answer_s = ANSWER_S_MAX
        for kind in (int, bool):
            connection.adapters.register_dumper(kind, _WholeDumper)
        connection.adapters.register_loader("numeric", _NumberLoader)
        connection.adapters.register_loader("bool", _TruthLoader)
        return connection

    def _command(self, sql: str) -> psycopg.Cursor[Row]:
        try:
            return self._connection.execute(sql, prepare=False)
        except psycopg.Error as error:
            failure = self._translated(error)
            if not isinstance(failure, DatabaseFailed):
                failure = DatabaseFailed(Kind.DOWN, f"{sql}: {failure}")
            raise failure from error

    def _execute(self, sql: str, values: dict[str, Value]) -> psycopg.Cursor[Row]:
        if self.failure is not None:
            raise self.failure
        try:
            return self._connection.execute(with_percent_names(sql), values)
        except (psycopg.Error, UnicodeEncodeError) as error:
            self._fail(error)

    def _fail(self, error: Exception) -> NoReturn:
        self.failure = self._translated(error)
        raise self.failure from error

    def _translated(self, error: Exception) -> Exception:
        """What a work's caller, or the thread, is told."""
        state = getattr(error, "sqlstate", None) or ""
        if self._use is Use.READ and state == READ_ONLY:
            return StatementFailed("a read may not write")
        kind = KINDS.get(state) or KINDS.get(state[:2])
        if not state and self._connection.info.transaction_status is TransactionStatus.ACTIVE:
            # We stopped waiting while the server was at it: nobody may use the connection again.
            self._connection.close()
            return DatabaseFailed(Kind.DOWN, f"no answer within {ANSWER_S_MAX} s")
        if kind is Kind.SLOW and self._use is not Use.READ:
            kind = Kind.DOWN  # others hold a lock, so the next group would wait as long
        if kind is None and self._connection.broken:
            kind = Kind.LOST
        if kind is not None:
            return DatabaseFailed(kind, _line(error))
        if state.startswith(CONSTRAINTS):
            return ConstraintBroken(_line(error))
        return StatementFailed(_line(error))


class _BoundedConnection(psycopg.Connection[Row]):
    """A connection that does not wait for ever for a server that is frozen, or behind a broken network."""

    answer_s: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        return super().wait(gen, interval, self.answer_s if timeout is None else timeout)


class _WholeDumper(Int8Dumper):
    """Whole numbers of any size, and truths, are BIGINT: one statement is then one plan, and sums have room."""

    def dump(self, obj: Any) -> Buffer | None:  # Any: psycopg's own signature
        return str(int(obj)).encode()


class _NumberLoader(Loader):
    """A sum of whole numbers is whole, as on SQLite; an average is a float."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data)
        return int(text) if text.lstrip(b"-").isdigit() else float(text)


class _TruthLoader(Loader):
    """A truth is 0 or 1, as on SQLite."""

    def load(self, data: Buffer) -> int:
        return int(bytes(data) == b"t")


def _named(listed: tuple[Value, ...], values: dict[str, Value]) -> dict[str, Value]:
    return dict(zip(_names(len(listed)), listed, strict=True)) | values if listed else values


@lru_cache(maxsize=64)
def _names(count: int) -> tuple[str, ...]:
    return tuple(f"v{number}" for number in range(count))


def _line(error: Exception) -> str:
    """The first line of what a server or the driver says."""
    return str(error).strip().split("\n")[0]
