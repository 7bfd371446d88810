"""Backups by PostgreSQL's own tools; what all backups do is in `test_backup.py`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from antiphon.clock import SystemClock
from antiphon.db.backup import back_up
from antiphon.db.open import open_database
from antiphon.db.postgres import PostgresDriver
from antiphon.db.postgres_backup import PostgresBackups
from antiphon.errors import ConfigError
from tests.fixtures.databases.notes import NOTES
from tests.fixtures.databases.programs import find
from tests.fixtures.databases.server import PostgresServer

NOWHERE = Path("/nonexistent")


def backups(url: str, *, path: str | None = None) -> PostgresBackups:
    """What backs up that database, with the server's own tools unless another path is given."""
    driver = PostgresDriver(url, clock=SystemClock())
    return PostgresBackups(url, driver, environ={**os.environ, "PATH": str(find()) if path is None else path})


async def made(url: str) -> None:
    """The tables of notes."""
    await open_database(url, data_dir=NOWHERE, migrations=(NOTES,)).close()


def test_without_the_tools(postgres: PostgresServer, tmp_path: Path) -> None:
    """What to install is said."""
    with pytest.raises(ConfigError, match="pg_dump is not on the PATH: install PostgreSQL's client tools"):
        back_up(backups(postgres.new_url(), path=""), tmp_path / "backup.dump")
    assert list(tmp_path.iterdir()) == []


async def test_a_schema_is_restored_under_its_own_name(postgres: PostgresServer, tmp_path: Path) -> None:
    """Both names are told where they differ."""
    url = postgres.new_url()
    await made(url)
    back_up(backups(url), tmp_path / "backup.dump")
    other = postgres.new_url()
    with pytest.raises(ConfigError, match=r"holds the schema test_\d+, database.url leads to the schema test_\d+\."):
        backups(other).restore(tmp_path / "backup.dump")


def test_a_dump_of_something_else(postgres: PostgresServer, tmp_path: Path) -> None:
    """It has no table of migrations."""
    url = postgres.new_url()
    postgres.run("CREATE TABLE others (name TEXT)", url=url)
    back_up(backups(url), tmp_path / "backup.dump")
    with pytest.raises(ConfigError, match="has no table of migrations: it is no backup of Antiphon"):
        backups(url).applied(tmp_path / "backup.dump")


def test_a_complaint_of_the_tools_is_told(postgres: PostgresServer, tmp_path: Path) -> None:
    """The first one, without the password of the URL."""
    url = postgres.new_url().replace("antiphon@", "antiphon:hidden@")
    with pytest.raises(ConfigError, match="pg_restore failed: ") as refused:
        backups(url).applied(tmp_path / "none.dump")
    assert "none.dump" in refused.value.message
    assert "hidden" not in refused.value.message


def test_a_schema_that_is_not_there(postgres: PostgresServer, tmp_path: Path) -> None:
    """There is nothing to be copied."""
    url = postgres.new_url()
    postgres.run(f"DROP SCHEMA {url.rpartition('%3D')[2]}")
    with pytest.raises(ConfigError, match="it leads to no schema that is there"):
        back_up(backups(url), tmp_path / "backup.dump")
