"""Files that appear whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from antiphon.db.new_file import appearing
from antiphon.errors import ConfigError


def test_it_has_its_name_when_all_is_written(tmp_path: Path) -> None:
    """Not before; and only its owner may read it."""
    file = tmp_path / "file"
    with appearing(file) as part:
        part.write_text("all of it", encoding="utf-8")
        assert not file.exists()
    assert file.read_text(encoding="utf-8") == "all of it"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    """An error goes on, and no part is left."""
    with pytest.raises(RuntimeError), appearing(tmp_path / "file"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_where_no_file_has_two_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is renamed."""

    def refused(_part: Path, _file: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refused)
    with appearing(tmp_path / "file") as part:
        part.touch()
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """Neither a file of that name, nor what another process writes; a folder that is not there is named."""
    file = tmp_path / "file"
    with appearing(file), pytest.raises(ConfigError, match=r"file\.part is there"), appearing(file):
        pass
    with pytest.raises(ConfigError, match="file is there already"), appearing(file):
        pass
    other = tmp_path / "other"
    with pytest.raises(ConfigError, match="other is there already"), appearing(other):
        other.write_text("a gateway's, which has started meanwhile", encoding="utf-8")
    assert other.read_text(encoding="utf-8").startswith("a gateway's")
    assert sorted(tmp_path.iterdir()) == [file, other]
    with pytest.raises(ConfigError, match="cannot be written: No such file"), appearing(tmp_path / "no" / "file"):
        pass
