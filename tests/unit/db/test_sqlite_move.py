"""A backup of SQLite becomes a database of PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from antiphon.clock import SystemClock
from antiphon.db.backup import back_up, restore
from antiphon.db.migrate import APPLIED, Migration, own_migrations
from antiphon.db.open import open_database
from antiphon.db.postgres import PostgresDriver
from antiphon.db.sqlite_backup import SQLiteBackups
from antiphon.db.sqlite_move import SQLiteMove
from antiphon.errors import ConfigError
from tests.fixtures.databases.migrating_child import LATER
from tests.fixtures.databases.notes import NOTES
from tests.fixtures.databases.server import PostgresServer

NOWHERE = Path("/nonexistent")
FORM = (NOTES, LATER)
ROWS = 1500  # more than one statement takes


def changed(path: Path, *scripts: str) -> Path:
    """The same file, after these scripts."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for script in scripts:
            connection.executescript(script)
    return path


@pytest.fixture
def backup(sqlite_path: Path, tmp_path: Path) -> Path:
    """Notes of each kind of value, in the form before the last."""
    with closing(sqlite3.connect(sqlite_path)) as connection, connection:
        rows = [(f"{number:04}", f"text\t'{number}'; %s :x", number * 10**14 or None) for number in range(ROWS)]
        connection.executemany("INSERT INTO notes (name, text, number) VALUES (?, ?, ?)", rows)
    back_up(SQLiteBackups(sqlite_path), tmp_path / "backup.db")
    return tmp_path / "backup.db"


def move(url: str, file: Path, migrations: Sequence[Migration]) -> None:
    """Fill the database at `url`."""
    restore(SQLiteMove(PostgresDriver(url, clock=SystemClock()), migrations), file, migrations=migrations)


async def test_every_row_is_moved(postgres: PostgresServer, backup: Path) -> None:
    """As it was, in the backup's form; what a newer version adds is then applied as ever."""
    url = postgres.new_url()
    move(url, backup, FORM)
    assert postgres.run("SELECT COUNT(*), MAX(number) FROM notes", url=url) == [(ROWS, (ROWS - 1) * 10**14)]
    assert postgres.run("SELECT text, number FROM notes WHERE name = '0000'", url=url) == [("text\t'0'; %s :x", None)]
    database = open_database(url, data_dir=NOWHERE, migrations=FORM)
    assert await database.read(lambda c: c.one("SELECT COUNT(*) FROM notes WHERE colour = 'red'")) == (ROWS,)
    await database.close()


async def test_ours_can_be_moved(
    postgres: PostgresServer, sqlite_files: Callable[[Sequence[Migration]], Path], tmp_path: Path
) -> None:
    """All tables of this version, with the rows that they are made with."""
    back_up(SQLiteBackups(sqlite_files(own_migrations())), tmp_path / "ours.db")
    changed(tmp_path / "ours.db", "UPDATE key_changes SET number = 7")
    url = postgres.new_url()
    move(url, tmp_path / "ours.db", own_migrations())
    database = open_database(url, data_dir=NOWHERE)
    assert len(await database.read(lambda connection: connection.all(APPLIED))) == len(own_migrations())
    assert await database.read(lambda connection: connection.one("SELECT number FROM key_changes")) == (7,)
    await database.close()


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("UPDATE notes SET number = 'no number' WHERE name = '0001'", "cannot be moved, and nothing of it was: "),
        ('CREATE TABLE "notes; DROP TABLE notes" (name TEXT)', "which is none of Antiphon's"),
        ("CREATE TABLE others (name TEXT)", "cannot be moved, and nothing of it was: "),
    ],
)
def test_all_or_nothing(postgres: PostgresServer, backup: Path, script: str, complaint: str) -> None:
    """A row that PostgreSQL refuses, or a table that is not ours, leaves no table behind."""
    url = postgres.new_url()
    with pytest.raises(ConfigError, match=complaint):
        move(url, changed(backup, script), (NOTES,))
    assert postgres.run("SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema()", url=url) == [(0,)]


def test_a_database_that_holds_anything(postgres: PostgresServer, backup: Path) -> None:
    """It is not touched."""
    url = postgres.new_url()
    postgres.run("CREATE TABLE others (name TEXT)", url=url)
    with pytest.raises(ConfigError, match="the database has tables, such as others; a backup goes into an empty one"):
        move(url, backup, (NOTES,))
