"""Peppers: what digests are keyed with; made once, whole, and for their owner's eyes."""

from __future__ import annotations

import hashlib
import hmac
import multiprocessing
import stat
from pathlib import Path

import pytest

from antiphon.accounts.pepper import FILE_NAME, Pepper, kept_pepper, peppers
from antiphon.errors import ConfigError

NEW, OLD = "n" * 32, "o" * 32


def test_a_digest_is_an_hmac() -> None:
    """Without the pepper nobody can tell whether a key belongs to a row."""
    expected = hmac.new(NEW.encode(), b"dkn_live_x", hashlib.sha256).hexdigest()
    assert Pepper(NEW).digest("dkn_live_x") == expected
    assert Pepper(OLD).digest("dkn_live_x") != expected


def test_an_id_tells_peppers_apart() -> None:
    """It is the same every time, and the secret is not in it."""
    pepper = Pepper(NEW)
    assert pepper.id == Pepper(NEW).id != Pepper(OLD).id
    assert NEW not in repr(pepper)
    assert pepper.secret.hex() not in repr(pepper)


def test_settings_go_before_the_file(tmp_path: Path) -> None:
    """The new pepper first, then the former; the file is not even made."""
    assert [one.secret for one in peppers(tmp_path, NEW, [OLD])] == [NEW.encode(), OLD.encode()]
    assert [one.secret for one in peppers(tmp_path, NEW, [NEW])] == [NEW.encode()]
    assert list(tmp_path.iterdir()) == []


def test_a_pepper_is_made_and_kept(tmp_path: Path) -> None:
    """A missing folder is made, and the pepper in it is the same the next time."""
    folder = tmp_path / "some" / "data"
    text = kept_pepper(folder)
    assert len(text) == 64
    assert kept_pepper(folder) == text
    assert [one.secret for one in peppers(folder, None, [])] == [text.encode()]
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_gateways_that_start_at_once_agree(tmp_path: Path) -> None:
    """One makes it, all have it."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(kept_pepper, [tmp_path] * 16, chunksize=1))) == 1


@pytest.mark.parametrize("text", ["", "short", "\u00e9" * 32])
def test_a_broken_file_is_never_replaced(tmp_path: Path, text: str) -> None:
    """A new pepper would void every key without a word."""
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="^auth.pepper: "):
        kept_pepper(tmp_path)
    assert (tmp_path / FILE_NAME).read_text(encoding="utf-8") == text


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A file in the folder's place is a ConfigError that names the setting."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="^auth.pepper: .* cannot be used: "):
        kept_pepper(tmp_path / "file" / "data")
