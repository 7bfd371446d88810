"""Wallets: addresses of keys, and files that keep keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.chain.wallets import address_of, kept_wallet, known_wallet, read_wallet
from antiphon.errors import ConfigError
from tests.unit.accounts import wallets


def test_an_address_is_what_another_library_says() -> None:
    """With its checksum, for keys with and without 0x."""
    assert address_of(wallets.SECRET) == wallets.ADDRESS == address_of(wallets.SECRET.removeprefix("0x"))
    assert address_of(known_wallet(1)) == wallets.address_of(known_wallet(1))


@pytest.mark.parametrize("text", ["0x" + "00" * 32, "0x" + "ff" * 32, "0x12", "a key"])
def test_what_is_no_key_is_refused(text: str) -> None:
    """Zero, what is beyond the curve's order, and what is no number."""
    with pytest.raises(ConfigError, match="64 hexadecimal digits"):
        address_of(text)


def test_known_wallets_are_the_same_everywhere() -> None:
    """One number, one wallet."""
    assert known_wallet(1) == known_wallet(1) != known_wallet(2)


def test_a_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    """The next start finds the same; a file that others could read is closed to them."""
    path = tmp_path / "below" / "wallet-key"
    made = kept_wallet(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    assert kept_wallet(path) == made == read_wallet(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_may_be_written_by_hand(tmp_path: Path) -> None:
    """In capitals, without 0x."""
    path = tmp_path / "wallet-key"
    path.write_text("AB" * 32 + "\n")
    assert read_wallet(path) == "0x" + "ab" * 32


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    """It is named, and never overwritten."""
    path = tmp_path / "wallet-key"
    with pytest.raises(ConfigError, match="cannot be read"):
        read_wallet(path)
    path.write_text("twelve words")
    with pytest.raises(ConfigError, match="holds no private key"):
        kept_wallet(path)
    assert path.read_text() == "twelve words"


def test_a_folder_that_cannot_be_made_is_told_of(tmp_path: Path) -> None:
    """The file is named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="wallet-key cannot be used"):
        kept_wallet(tmp_path / "file" / "wallet-key")
