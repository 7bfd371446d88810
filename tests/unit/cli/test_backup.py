"""`antiphon backup` and `antiphon restore`."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from antiphon.clock import SystemClock
from antiphon.credits.service import Credits
from antiphon.db.migrate import Migration, own_migrations
from antiphon.db.open import open_database

Run = Callable[..., Any]


async def _write_books(path: Path) -> None:
    database = open_database(f"sqlite:///{path}", data_dir=Path("/nonexistent"))
    credits_ = Credits(database, gateway="g", clock=SystemClock(), on_lost=lambda *_: None)
    await credits_.begin()
    await credits_.grant(("USDC", "user:ann"), "signup", 100)
    await credits_.close()
    await database.close()


@pytest.fixture(scope="module")
def written(sqlite_files: Callable[[Sequence[Migration]], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with books."""
    path = tmp_path_factory.mktemp("books") / "antiphon.db"
    shutil.copy(sqlite_files(own_migrations()), path)
    asyncio.run(_write_books(path))
    return path


@pytest.fixture
def books(place: Path, written: Path) -> Path:
    """A copy of it, where the settings look for it."""
    path = place / "data" / "antiphon.db"
    path.parent.mkdir()
    shutil.copy(written, path)
    return path


def spoil(path: Path, sql: str) -> None:
    """Change the database behind everybody's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(sql)


def test_there_and_back(run: Run, books: Path, place: Path) -> None:
    """The backup's name is on standard output; what is made of it has the same books, with the same end."""
    heads = run("ledger", "verify", "--data-dir", str(books.parent)).out.split()
    made = run("backup", "--data-dir", str(books.parent))
    assert made.code == 0
    assert re.fullmatch(r"antiphon-\d{8}T\d{6}Z\.db\n", made.out)
    assert "The books are sound: 1 journals" in made.notes
    assert f"Keep the pepper too, in another place ({books.parent / 'pepper'})" in made.notes
    restored = run("restore", made.out.strip(), "--data-dir", str(place / "new"))
    assert restored.code == 0
    assert "The books are sound: 1 journals" in restored.out
    proven = run("ledger", "verify", "--data-dir", str(place / "new"), "--head", heads[0])
    assert (proven.code, proven.out.split()) == (0, heads)


def test_json(run: Run, books: Path, place: Path) -> None:
    """All that was found; a backup goes into a folder under a name by the time, or has the name that it is given."""
    told = json.loads(run("backup", str(place), "--json", "--data-dir", str(books.parent)).out)
    assert Path(told["file"]).parent == place
    assert (told["size_bytes"] > 0, told["changes_left"], told["books"]["journals"]) == (True, 0, 1)
    run("backup", "named.db", "--json", "--data-dir", str(books.parent))
    told = json.loads(run("restore", "named.db", "--json", "--data-dir", str(place / "new")).out)
    assert (told["form"], told["books"]["fault"]) == (str(own_migrations()[-1]), None)


def test_books_that_are_wrong(run: Run, books: Path, place: Path) -> None:
    """Are copied all the same, since it may be the only copy; the exit code says so each time."""
    spoil(books, "UPDATE ledger_entries SET amount = amount - 1 WHERE account = 'user:ann'")
    made = run("backup", "bad.db", "--data-dir", str(books.parent))
    assert made.code == 1
    assert "The books do not add up: journal 1 of USDC" in made.notes
    restored = run("restore", "bad.db", "--data-dir", str(place / "new"))
    assert restored.code == 1
    assert "The books do not add up: journal 1 of USDC" in restored.out


def test_what_cannot_be(run: Run, books: Path, place: Path) -> None:
    """A target that holds something, a newer version's backup, no database at all: refused, and nothing is changed."""
    run("backup", "good.db", "--data-dir", str(books.parent))
    refused = run("restore", "good.db", "--data-dir", str(books.parent))
    assert (refused.code, f"{books} is there; end the gateways" in refused.notes) == (2, True)
    spoil(place / "good.db", "INSERT INTO migrations VALUES (9999, 'later', '', 0)")
    refused = run("restore", "good.db", "--data-dir", str(place / "new"))
    assert (refused.code, "a newer version has changed it (migration 9999_later" in refused.notes) == (2, True)
    assert not (place / "new" / "antiphon.db").exists()
    refused = run("backup", "--data-dir", str(place / "new"))
    assert (refused.code, "is not there" in refused.notes) == (2, True)
