"""The database as backups see it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from antiphon.cli.backup_desk import BackupDesk, backup_desk, books_text
from antiphon.cli.key_flags import PlaceFlags
from antiphon.clock import ManualClock
from antiphon.credits.verify import Fault, Findings
from antiphon.db.migrate import Migration, own_migrations


@pytest.fixture
def made(place: Path, sqlite_files: Callable[[Sequence[Migration]], Path]) -> BackupDesk:
    """Of a database that is there."""
    shutil.copy(sqlite_files(own_migrations()), place / "antiphon.db")
    return desk(place)


def desk(place: Path) -> BackupDesk:
    """Of a database in that folder, in 1970."""
    return backup_desk(PlaceFlags(data_dir=str(place)), ManualClock(0.0))


def test_a_backup_is_named_by_the_time(made: BackupDesk) -> None:
    """UTC, in the order of time; a name that is given stays."""
    assert made.back_up(None) == Path("antiphon-19700101T000000Z.db")
    assert made.back_up(Path("other.db")) == Path("other.db")


def test_what_is_left(made: BackupDesk) -> None:
    """Nothing, once it was migrated; the form is then the last migration's."""
    made.migrate()
    assert list(made.left()) == []
    assert made.form == str(own_migrations()[-1])


def test_where_the_pepper_is(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file, or in the settings."""
    assert desk(place).pepper == str(place / "pepper")
    monkeypatch.setenv("ANTIPHON_AUTH__PEPPER", "0123456789abcdef" * 4)
    assert desk(place).pepper == "auth.pepper"


def test_words_for_the_books() -> None:
    """Sound, or the first fault."""
    found = Findings(journals=3, accounts=2, holds=0, receipts=1, heads=(), fault=None)
    assert books_text(found) == "The books are sound: 3 journals, 2 accounts, 1 receipts."
    wrong = Findings(journals=3, accounts=2, holds=0, receipts=1, heads=(), fault=Fault("journal 2", "it is missing"))
    assert books_text(wrong).startswith("The books do not add up: journal 2")
