"""What the tests of the seam are given: databases that hold nothing but notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from antiphon.clock import SystemClock
from antiphon.db.migrate import Migration, migrate
from antiphon.db.session import Use
from antiphon.db.sqlite import SQLiteDriver, SQLiteSession, create
from tests.fixtures.databases.notes import NOTES


@pytest.fixture
def database_migrations() -> Sequence[Migration]:
    """The tables of every `database`."""
    return (NOTES,)


@pytest.fixture
def sqlite_path(tmp_path: Path) -> Path:
    """A file of SQLite with notes."""
    path = tmp_path / "notes.db"
    create(path)
    session = SQLiteDriver(path, clock=SystemClock()).connect(Use.MIGRATE)
    migrate(session, (NOTES,), clock=SystemClock())
    session.close()
    return path


@pytest.fixture
def sqlite_session(sqlite_path: Path) -> Iterator[Callable[[Use], SQLiteSession]]:
    """A function that opens a session on that file, closed at the end."""
    driver = SQLiteDriver(sqlite_path, clock=SystemClock())
    opened = []

    def connect(use: Use) -> SQLiteSession:
        opened.append(driver.connect(use))
        return opened[-1]

    yield connect
    for session in opened:
        session.close()
