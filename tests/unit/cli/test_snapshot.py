"""The database as commands read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.cli.snapshot import snapshot
from antiphon.db.open import open_database
from antiphon.errors import ConfigError
from antiphon.settings.model import Settings


async def test_what_is_stored_is_read(tmp_path: Path) -> None:
    """Beside a gateway that has it open."""
    database = open_database(None, data_dir=tmp_path)
    with snapshot(Settings(data_dir=tmp_path), "it") as session:
        assert session.one("SELECT COUNT(*) FROM receipts") == (0,)
    await database.close()


def test_a_failure_says_what_was_to_be_read(tmp_path: Path) -> None:
    """No database, and one without the table."""
    with pytest.raises(ConfigError, match="is not there"), snapshot(Settings(data_dir=tmp_path), "it"):
        pass
    (tmp_path / "antiphon.db").touch()
    with (
        pytest.raises(ConfigError, match="the receipts cannot be read"),
        snapshot(Settings(data_dir=tmp_path), "the receipts") as session,
    ):
        session.one("SELECT COUNT(*) FROM receipts")
