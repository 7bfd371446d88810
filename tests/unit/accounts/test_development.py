"""The development key: made once, readable by its owner only, the same at every start."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from antiphon.accounts.development import FILE_NAME, development_key
from antiphon.accounts.keys import mint, well_formed
from antiphon.errors import ConfigError


def test_a_key_is_made_and_kept(tmp_path: Path) -> None:
    """A missing folder is made, and the key in it is the same the next time."""
    folder = tmp_path / "some" / "data"
    key = development_key(folder)
    assert key.startswith("dkn_test_")
    assert well_formed(key)
    assert (folder / FILE_NAME).read_text() == key + "\n"
    assert development_key(folder) == key


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    """The new file's mode is 0600."""
    development_key(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_key_that_is_there_is_taken(tmp_path: Path) -> None:
    """Blanks around it do not matter."""
    key = mint("live")
    (tmp_path / FILE_NAME).write_text(f"  {key}\n\n")
    assert development_key(tmp_path) == key


@pytest.mark.parametrize("text", ["", "dkn_test_broken", "words\nwords\n"])
def test_a_broken_file_is_replaced(tmp_path: Path, text: str) -> None:
    """What is no key gives way to a new one."""
    (tmp_path / FILE_NAME).write_text(text)
    key = development_key(tmp_path)
    assert well_formed(key)
    assert (tmp_path / FILE_NAME).read_text() == key + "\n"


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A file in the folder's place is a ConfigError that names the setting."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="^data_dir: .*/file/data cannot be used: Not a directory"):
        development_key(tmp_path / "file" / "data")
