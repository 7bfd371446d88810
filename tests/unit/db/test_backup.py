"""Backups: one file, and a database made out of it, the same on each kind of database."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from antiphon.clock import SystemClock
from antiphon.db import Database
from antiphon.db.backup import Backups, back_up, backups_for, restore, restoring_for
from antiphon.db.migrate import Migration
from antiphon.db.open import open_database
from antiphon.errors import ConfigError
from tests.fixtures.databases.migrating_child import LATER
from tests.fixtures.databases.notes import NOTES
from tests.fixtures.databases.programs import find
from tests.fixtures.databases.server import PostgresServer

KINDS = pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])
COPIES = itertools.count(1)
WRITE = "INSERT INTO notes (name, text) VALUES (:id, :body)"
READ = "SELECT name, text FROM notes ORDER BY name"


@pytest.fixture
def environ(database_kind: str) -> Mapping[str, str]:
    """Where the server's own tools are found."""
    folder = [str(find())] if database_kind == "postgres" else []
    return {**os.environ, "PATH": os.pathsep.join([*folder, os.environ["PATH"]])}


@pytest.fixture
def empty_url(database_kind: str, database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database like that of `database_url`, elsewhere and with nothing in it."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'elsewhere' / 'other.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name, schema = f"copy_{next(COPIES)}", database_url.rpartition("%3D")[2]
    server.run(f"CREATE DATABASE {name}")
    url = database_url.replace("/postgres?", f"/{name}?")
    server.run(f"CREATE SCHEMA {schema}", url=url)
    yield url
    server.run(f"DROP DATABASE {name}")


def of(url: str, environ: Mapping[str, str]) -> Backups:
    """What backs up that database."""
    return backups_for(url, data_dir=Path("/nonexistent"), clock=SystemClock(), environ=environ)


async def notes(url: str, migrations: Sequence[Migration]) -> list[tuple[str, str]]:
    """All notes, once the database has the form of these migrations."""
    database = open_database(url, data_dir=Path("/nonexistent"), migrations=migrations)
    try:
        return await database.read(lambda connection: connection.all(READ))
    finally:
        await database.close()


@KINDS
async def test_what_was_written_comes_back(
    database: Database, database_url: str, empty_url: str, environ: Mapping[str, str], tmp_path: Path
) -> None:
    """All that was committed before, beside a gateway that goes on, and nothing of what it writes afterwards."""
    file = tmp_path / "backup"
    await database.write(lambda connection: connection.run(WRITE, id="a", body="tab\t, line\n, \\N, \\."))
    back_up(of(database_url, environ), file)
    await database.write(lambda connection: connection.run(WRITE, id="b", body="later"))
    restore(of(empty_url, environ), file, migrations=(NOTES,))
    assert await notes(empty_url, (NOTES,)) == [("a", "tab\t, line\n, \\N, \\.")]
    assert file.stat().st_mode & 0o777 == 0o600


@KINDS
async def test_only_what_this_version_knows_is_restored(
    database: Database, database_url: str, empty_url: str, environ: Mapping[str, str], tmp_path: Path
) -> None:
    """A newer version's backup is refused, and leaves nothing behind; an older one's is brought to today's form."""
    await notes(database_url, (NOTES, LATER))
    back_up(of(database_url, environ), tmp_path / "newer")
    with pytest.raises(ConfigError, match=r"newer cannot be restored: a newer version has changed it \(migration 0002"):
        restore(of(empty_url, environ), tmp_path / "newer", migrations=(NOTES,))
    restore(of(empty_url, environ), tmp_path / "newer", migrations=(NOTES, LATER, Migration(3, "last", "SELECT 1")))
    assert await notes(empty_url, (NOTES, LATER, Migration(3, "last", "SELECT 1"))) == []


@KINDS
async def test_what_is_there_is_not_touched(
    database: Database, database_url: str, environ: Mapping[str, str], tmp_path: Path
) -> None:
    """Neither a database that holds anything, nor a file of the backup's name."""
    file = tmp_path / "backup"
    await database.write(lambda connection: connection.run(WRITE, id="a", body="first"))
    back_up(of(database_url, environ), file)
    with pytest.raises(ConfigError, match="is there; end the gateways and move it away|has tables, such as"):
        restore(of(database_url, environ), file, migrations=(NOTES,))
    with pytest.raises(ConfigError, match="backup is there already"):
        back_up(of(database_url, environ), file)
    assert await database.read(lambda connection: connection.all(READ)) == [("a", "first")]


@KINDS
def test_other_files_are_refused(
    database_url: str, environ: Mapping[str, str], tmp_path: Path, database_kind: str
) -> None:
    """One that is not there, one of another kind, and one of that kind that Antiphon did not make."""
    backups = of(database_url, environ)
    with pytest.raises(ConfigError, match="none cannot be read: No such file"):
        restore(backups, tmp_path / "none", migrations=(NOTES,))
    (tmp_path / "other").write_bytes(b"PGDMP" if database_kind == "sqlite" else b"SQLite format 3\0")
    with pytest.raises(ConfigError, match=f"other is no backup of {backups.kind}, which is what database.url leads to"):
        restore(backups, tmp_path / "other", migrations=(NOTES,))
    (tmp_path / "broken").write_bytes(backups.beginning + b"?" * 100)
    with pytest.raises(ConfigError, match="broken cannot be copied|pg_restore failed"):
        restore(backups, tmp_path / "broken", migrations=(NOTES,))


@pytest.mark.parametrize(
    ("url", "begins", "kind"),
    [
        ("postgresql://db.example/antiphon", b"SQLite format 3\0", "SQLite"),
        ("postgresql://db.example/antiphon", b"PGDMP", "PostgreSQL"),
        ("sqlite:///other.db", b"SQLite format 3\0", "SQLite"),
        ("sqlite:///other.db", b"PGDMP", "SQLite"),  # and is refused as none of those
    ],
)
def test_what_a_database_is_made_of(url: str, begins: bytes, kind: str, tmp_path: Path) -> None:
    """A database of PostgreSQL may also be made out of a backup of SQLite, not the other way round."""
    (tmp_path / "backup").write_bytes(begins)
    restoring = restoring_for(
        tmp_path / "backup", url, data_dir=tmp_path, clock=SystemClock(), environ={}, migrations=(NOTES,)
    )
    assert (restoring.kind, restoring.beginning) == (kind, b"PGDMP" if kind == "PostgreSQL" else b"SQLite format 3\0")
