"""`antiphon upgrade`."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from antiphon.db.migrate import Migration, own_migrations

Run = Callable[..., Any]
OLDER, LAST = own_migrations()[:-1], str(own_migrations()[-1])


@pytest.fixture
def older(place: Path, sqlite_files: Callable[[Sequence[Migration]], Path]) -> Path:
    """A database as the version before this one left it."""
    path = place / "antiphon.db"
    shutil.copy(sqlite_files(OLDER), path)
    return path


def applied(path: Path) -> int:
    """How many migrations a database has."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM migrations").fetchone()[0])


def test_what_would_be_done(run: Run, older: Path) -> None:
    """With --check it is told, and nothing is changed."""
    told = run("upgrade", "--check", "--data-dir", str(older.parent))
    assert (told.code, told.out) == (1, f"{LAST}\n")
    assert "1 changes are to be made" in told.notes
    assert applied(older) == len(OLDER)


def test_it_is_done_after_a_backup(run: Run, older: Path) -> None:
    """Which holds the older form, and can be restored; a second time there is nothing to do."""
    where = ("--data-dir", str(older.parent))
    done = run("upgrade", "--backup", "before.db", *where)
    assert (done.code, done.out) == (0, f"{LAST}\n")
    assert "Backed up as before.db." in done.notes
    assert f"The database has the form of this version ({LAST}). The books are sound" in done.notes
    assert (applied(older), applied(Path("before.db"))) == (len(OLDER) + 1, len(OLDER))
    again = run("upgrade", *where)
    assert (again.code, again.out) == (0, "")
    assert "nothing is to be done" in again.notes
    assert run("restore", "before.db", "--data-dir", "elsewhere").code == 0


def test_json(run: Run, older: Path) -> None:
    """What was changed, where the backup is, what was proven."""
    where = ("--json", "--data-dir", str(older.parent))
    assert json.loads(run("upgrade", "--check", *where).out)["changes"] == [LAST]
    told = json.loads(run("upgrade", "--without-backup", *where).out)
    assert (told["changes"], told["backup"], told["books"]["fault"]) == ([LAST], None, None)
    assert json.loads(run("upgrade", *where).out)["changes"] == []


def test_no_backup_no_upgrade(run: Run, older: Path) -> None:
    """Where the backup cannot be made, nothing is changed."""
    Path("before.db").touch()
    refused = run("upgrade", "--backup", "before.db", "--data-dir", str(older.parent))
    assert (refused.code, "before.db is there already" in refused.notes) == (2, True)
    assert applied(older) == len(OLDER)
