"""Where a database is found, and what is said when it cannot be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from antiphon.db.migrate import own_migrations
from antiphon.db.open import open_database
from antiphon.errors import ConfigError


def contents(folder: Path) -> list[str]:
    """The names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir())


async def test_without_a_url_it_is_in_the_data_folder(tmp_path: Path) -> None:
    """The folder is made if need be, and a second start finds what the first has left."""
    folder = tmp_path / "new" / "data"
    for _ in range(2):
        database = open_database(None, data_dir=folder)
        rows = await database.read(lambda connection: connection.one("SELECT COUNT(*) FROM migrations"))
        await database.close()
        assert rows == (len(own_migrations()),)
    assert contents(folder) == ["antiphon.db"]


async def test_a_file_may_be_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the working directory, or by its whole path."""
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///near.db", f"sqlite:///{tmp_path}/far%20away.db"):
        await open_database(url, data_dir=Path("/nonexistent")).close()
    assert contents(tmp_path) == ["far away.db", "near.db"]


def test_other_databases_are_refused() -> None:
    """The message says what is expected, and keeps what it was given to itself."""
    with pytest.raises(ConfigError, match=r"database\.url: Expected `sqlite:///FILE`") as caught:
        open_database("mysql://u:secret@host/x", data_dir=Path("/nonexistent"))
    assert "secret" not in str(caught.value)


def test_postgres_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "antiphon.db.postgres", None)
    with pytest.raises(ConfigError, match=r"pip install 'antiphon\[postgres\]'"):
        open_database("postgresql://host/x", data_dir=Path("/nonexistent"))
