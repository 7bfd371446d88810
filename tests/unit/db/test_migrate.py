"""Migrations: applied once and in order, whole or not at all, and never to a database that is not theirs."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from antiphon.clock import ManualClock, SystemClock
from antiphon.db import Database
from antiphon.db.migrate import Migration, migrate, own_migrations
from antiphon.db.open import driver_for, open_database
from antiphon.db.scan import statements
from antiphon.db.session import Session, Use
from antiphon.errors import ConfigError
from tests.fixtures.databases.migrating_child import LATER, STATEMENTS
from tests.fixtures.databases.notes import NOTES

NOWHERE = Path("/nonexistent")
KINDS = pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])


@pytest.fixture
def connect(database_url: str) -> Iterator[Callable[[], Session]]:
    """A function that opens a session to migrate with, closed at the end."""
    opened: list[Session] = []

    def session() -> Session:
        opened.append(driver_for(database_url, NOWHERE, SystemClock()).connect(Use.MIGRATE))
        return opened[-1]

    yield session
    for one in opened:
        one.close()


@KINDS
def test_what_is_missing_is_applied(database_kind: str, connect: Callable[[], Session]) -> None:
    """In order, once, and with the time."""
    session = connect()
    assert migrate(session, (NOTES,), clock=ManualClock(1.5)) == [NOTES]
    assert migrate(session, (NOTES, LATER), clock=ManualClock(2.5)) == [LATER]
    assert migrate(session, (NOTES, LATER), clock=ManualClock(3.5)) == []
    rows = session.all("SELECT number, name, digest, applied_at_ms FROM migrations ORDER BY number")
    assert rows == [(1, "notes", NOTES.digest, 1500), (2, "later", LATER.digest, 2500)]


@KINDS
@pytest.mark.parametrize(
    ("known", "message"),
    [
        ((NOTES,), r"a newer version has changed it \(migration 0002_later; this version's last is 0001_notes\)"),
        ((), r"a newer version has changed it \(migration 0002_later; this version's last is none\)"),
        ((NOTES, Migration(2, "later", "SELECT 1")), "migration 0002_later was applied to it in another form"),
        ((NOTES, Migration(3, "other", "SELECT 1")), "migration 0003_other was left out of it"),
    ],
)
def test_a_strange_database_is_refused(
    database_kind: str, connect: Callable[[], Session], known: Sequence[Migration], message: str
) -> None:
    """One that a newer version made, or one whose history is not ours, stays as it is."""
    session = connect()
    migrate(session, (NOTES, LATER), clock=SystemClock())
    with pytest.raises(ConfigError, match=f"database.url: the database cannot be used: {message}"):
        migrate(session, known, clock=SystemClock())
    assert session.all("SELECT number FROM migrations ORDER BY number") == [(1,), (2,)]


@KINDS
def test_a_migration_that_fails_is_undone(database_kind: str, connect: Callable[[], Session]) -> None:
    """The message names it, and nothing of it is left; in a new database, nothing of those before it either."""
    session = connect()
    broken = Migration(2, "broken", "CREATE TABLE colours (colour TEXT); INSERT INTO colours VALUES ('a'); SELEKT 1")
    with pytest.raises(ConfigError, match="migration 0002_broken failed, and was undone: .*SELEKT"):
        migrate(session, (NOTES, broken), clock=SystemClock())
    assert migrate(session, (NOTES,), clock=SystemClock()) == [NOTES]
    with pytest.raises(ConfigError, match="migration 0002_broken failed"):
        migrate(session, (NOTES, broken), clock=SystemClock())
    assert migrate(session, (NOTES, LATER), clock=SystemClock()) == [LATER]


@KINDS
@pytest.mark.parametrize("statement", range(STATEMENTS))
def test_a_killed_migration_leaves_nothing(
    database_kind: str, database_url: str, connect: Callable[[], Session], statement: int
) -> None:
    """Killed before any of its statements, or before its commit, it has not been; the next start applies it."""
    words = [sys.executable, "-m", "tests.fixtures.databases.migrating_child", database_url, str(statement)]
    assert subprocess.run(words, check=False, timeout=60).returncode == -signal.SIGKILL
    session = connect()
    assert session.all("SELECT number FROM migrations") == [(1,)]
    assert migrate(session, (NOTES, LATER), clock=SystemClock()) == [LATER]
    assert session.all("SELECT colour FROM colours") == [("red",)]


@KINDS
def test_of_several_at_once_one_applies(database_kind: str, database_url: str) -> None:
    """Several gateways may start together: each migration is applied by one of them."""
    applied: list[Migration] = []
    together = threading.Barrier(6)

    def start() -> None:
        together.wait()
        session = driver_for(database_url, NOWHERE, SystemClock()).connect(Use.MIGRATE)
        applied.extend(migrate(session, (NOTES, LATER), clock=SystemClock()))
        session.close()

    threads = [threading.Thread(target=start) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(migration.number for migration in applied) == [1, 2]


@pytest.mark.parametrize("database_migrations", [own_migrations()])
async def test_ours_apply_everywhere(database: Database, database_url: str, database_migrations: object) -> None:
    """On every kind of database, and a second start finds nothing to do."""
    again = open_database(database_url, data_dir=NOWHERE)
    rows = await again.read(lambda connection: connection.all("SELECT number FROM migrations ORDER BY number"))
    assert rows == [(migration.number,) for migration in own_migrations()]
    await again.close()


def test_ours_are_numbered_without_gaps() -> None:
    """From 0001 on, in files whose names say what they are for."""
    assert [migration.number for migration in own_migrations()] == list(range(1, len(own_migrations()) + 1))


@pytest.mark.parametrize("migration", own_migrations(), ids=str)
def test_ours_are_portable(migration: Migration) -> None:
    """No rule is checked as late as the commit, where it would fail for others too; no type is one database's own."""
    for word in ("DEFERRABLE", "BLOB", "BYTEA", "SERIAL", "AUTOINCREMENT", "BOOLEAN", "JSONB", "TIMESTAMP", "REAL"):
        assert not re.search(rf"\b{word}\b", migration.sql, re.IGNORECASE), word


@pytest.mark.parametrize("migration", own_migrations(), ids=str)
def test_ours_only_add(migration: Migration) -> None:
    """Gateways of the version before go on beside a newer one: what they read stays, and what they write is taken."""
    told = statements(migration.sql)
    made = {match[1] for statement in told if (match := re.match(r"CREATE TABLE (\w+)", statement))}
    for statement in told:
        added = re.match(r"ALTER TABLE \w+ ADD COLUMN (.+)", statement)
        unique = re.match(r"CREATE UNIQUE INDEX \w+ ON (\w+)", statement)
        assert added or unique or re.match(r"CREATE (TABLE|INDEX) |INSERT INTO |UPDATE ", statement), statement
        assert added is None or "NOT NULL" not in added[1] or "DEFAULT" in added[1], statement
        assert unique is None or unique[1] in made, statement


def test_a_comment_is_no_change() -> None:
    """The digest is that of the statements."""
    assert Migration(1, "a", "-- why\nSELECT  1;").digest == Migration(1, "a", "SELECT 1").digest
    assert Migration(1, "a", "SELECT '-- why'").digest != Migration(1, "a", "SELECT ''").digest
    assert NOTES.digest != LATER.digest
