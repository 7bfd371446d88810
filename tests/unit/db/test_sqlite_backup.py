"""Backups of a file of SQLite; what all backups do is in `test_backup.py`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from antiphon.db.backup import back_up
from antiphon.db.session import Use
from antiphon.db.sqlite import PAGE_BYTES, SQLiteSession
from antiphon.db.sqlite_backup import SQLiteBackups
from antiphon.errors import ConfigError


def test_a_writer_is_not_in_the_way(
    sqlite_session: Callable[[Use], SQLiteSession], sqlite_path: Path, tmp_path: Path
) -> None:
    """What it has not committed is not in the backup, which is one file that needs no other."""
    session = sqlite_session(Use.WRITE)
    session.begin()
    session.run("INSERT INTO notes (name, text) VALUES ('a', 'text')")
    back_up(SQLiteBackups(sqlite_path), tmp_path / "backup.db")
    session.commit()
    alone = tmp_path / "alone"
    alone.mkdir()
    (tmp_path / "backup.db").rename(alone / "backup.db")
    with closing(sqlite3.connect(f"{(alone / 'backup.db').as_uri()}?mode=ro", uri=True)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM notes").fetchone() == (0,)
    assert [file.name for file in alone.iterdir()] == ["backup.db"]


def test_no_backup_is_made_of_what_is_damaged(sqlite_path: Path, tmp_path: Path) -> None:
    """Whoever finds out later has no other."""
    with closing(sqlite3.connect(sqlite_path)) as connection, connection:
        connection.executemany("INSERT INTO notes (name, text) VALUES (?, 'text')", [(str(n),) for n in range(2000)])
    with sqlite_path.open("r+b") as file:
        file.seek(5 * PAGE_BYTES)
        file.write(b"\xff" * PAGE_BYTES)
    with pytest.raises(ConfigError, match=r"notes\.db is damaged|malformed"):
        back_up(SQLiteBackups(sqlite_path), tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()


def test_a_log_that_was_left_behind_is_not_taken_in(sqlite_path: Path, tmp_path: Path) -> None:
    """It would be played into the file that is put beside it."""
    back_up(SQLiteBackups(sqlite_path), tmp_path / "backup.db")
    target = tmp_path / "restored.db"
    (tmp_path / "restored.db-wal").touch()
    with pytest.raises(ConfigError, match=r"restored\.db-wal is there; end the gateways and move it away first"):
        SQLiteBackups(target).restore(tmp_path / "backup.db")
    assert not target.exists()


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    """It is not made, nor is a backup of it."""
    with pytest.raises(ConfigError, match=r"none\.db is not there"):
        back_up(SQLiteBackups(tmp_path / "none.db"), tmp_path / "backup.db")
    assert list(tmp_path.iterdir()) == []
