"""A backup of SQLite made into a database of PostgreSQL, row by row: for those who want a second gateway."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from antiphon.db import Connection, Row, StatementFailed, Value
from antiphon.db.migrate import TABLE, Migration
from antiphon.db.postgres_backup import require_empty
from antiphon.db.scan import statements
from antiphon.db.session import DatabaseFailed, Driver, Use
from antiphon.db.sqlite_backup import BEGINNING, SQLiteBackups, opened, require_whole
from antiphon.errors import ConfigError

VALUES_MAX = 2_000  # of one statement
NAME = re.compile(r"[a-z][a-z0-9_]*")  # of a table or a column of ours; they stand in statements as they are
# A table is made after those that it refers to.
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid"


class SQLiteMove:
    """Fills the database that a driver leads to. All of it is one transaction: it is moved whole or not at all."""

    kind = "SQLite"
    beginning = BEGINNING

    def __init__(self, driver: Driver, migrations: Sequence[Migration]) -> None:
        self._driver = driver
        self._migrations = migrations

    def applied(self, file: Path) -> Sequence[Row]:
        """What the backup's table of migrations says."""
        return SQLiteBackups(file).applied(file)

    def restore(self, file: Path) -> None:
        """Make the tables as the backup's version did, and copy every row; a database with tables is refused."""
        migrations = self._migrations[: len(self.applied(file))]
        try:
            session = self._driver.connect(Use.MIGRATE)
            try:
                with opened(file) as source:
                    require_whole(source, file)
                    session.begin()
                    require_empty(session)
                    _make(session, migrations)
                    _fill(session, source)
                    session.commit()
            finally:
                session.close()
        except (DatabaseFailed, StatementFailed) as failure:
            raise ConfigError(f"{file} cannot be moved, and nothing of it was: {failure}.") from failure


def _make(target: Connection, migrations: Sequence[Migration]) -> None:
    target.run(TABLE)
    for migration in migrations:
        for statement in statements(migration.sql):
            target.run(statement)


def _fill(target: Connection, source: sqlite3.Connection) -> None:
    """Copy every row; those that migrations made are in the backup as well, as they are by now."""
    tables = [_named(name) for (name,) in source.execute(TABLES)]
    for table in reversed(tables):
        target.run(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
    for table in tables:
        cursor = source.execute(f"SELECT * FROM {table}")  # noqa: S608 - a name of ours
        columns = [_named(column[0]) for column in cursor.description]
        while rows := cursor.fetchmany(max(1, VALUES_MAX // len(columns))):
            target.run(_insert(table, columns, len(rows)), **dict(_values(columns, rows)))


def _named(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ConfigError(f"the backup holds the name {name!r}, which is none of Antiphon's.")
    return name


def _insert(table: str, columns: Sequence[str], rows: int) -> str:
    """The statement for that many rows."""
    each = (", ".join(f":{column}_{number}" for column in columns) for number in range(rows))
    rows_text = ", ".join(f"({values})" for values in each)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {rows_text}"  # noqa: S608 - names of ours


def _values(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[tuple[str, Value]]:
    for number, row in enumerate(rows):
        for column, value in zip(columns, row, strict=True):
            yield f"{column}_{number}", value
