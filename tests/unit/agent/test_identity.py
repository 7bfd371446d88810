"""What a node keeps between its starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.agent.identity import STATE_FILE, WALLET_FILE, Identity, Membership
from antiphon.errors import ConfigError


def test_keys_are_made_once(tmp_path: Path) -> None:
    """And only their owner can read them."""
    identity = Identity(tmp_path)
    key, begun = identity.wallet_key(), identity.begun("http://g")
    again = Identity(tmp_path)
    assert again.wallet_key() == key
    assert again.begun("http://g") == again.membership() == begun
    assert {path.stat().st_mode & 0o777 for path in identity.folder.iterdir()} == {0o600}
    assert identity.folder.stat().st_mode & 0o777 == 0o700


def test_another_gateway_sees_another_key(tmp_path: Path) -> None:
    """The wallet stays, the key at the broker does not."""
    identity = Identity(tmp_path)
    assert identity.membership() is None
    first = identity.begun("http://g")
    identity.keep(Membership(first.gateway, first.nkey_seed, "node_1"))
    assert identity.begun("http://g").node == "node_1"
    other = identity.begun("http://h")
    assert (other.node, other.nkey_seed == first.nkey_seed) == ("", False)


@pytest.mark.parametrize("name", [WALLET_FILE, STATE_FILE])
@pytest.mark.parametrize("content", [b"", b"0x12", b"\xff\xfe", b"{"])
def test_a_broken_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    """With what to do about it."""
    identity = Identity(tmp_path)
    identity.folder.mkdir()
    (identity.folder / name).write_bytes(content)
    with pytest.raises(ConfigError, match=name):
        if name == WALLET_FILE:
            identity.wallet_key()
        else:
            identity.membership()


def test_an_owner_puts_a_wallet_there(tmp_path: Path) -> None:
    """Blanks around it do not matter."""
    identity = Identity(tmp_path)
    identity.folder.mkdir()
    (identity.folder / WALLET_FILE).write_text(f" {'11' * 32}\n")
    assert identity.wallet_key() == "11" * 32


def test_a_folder_has_one_agent(tmp_path: Path) -> None:
    """Another is told, until the first one ends."""
    first, second = Identity(tmp_path), Identity(tmp_path)
    first.take()
    with pytest.raises(ConfigError, match="--data-dir"):
        second.take()
    first.close()
    second.take()
    second.close()
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be used"):
        Identity(tmp_path / "file").take()
