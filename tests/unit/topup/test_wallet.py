"""Private keys, against a library that makes addresses of them."""

from __future__ import annotations

from eth_account import Account

from antiphon.topup.wallet import PUBLIC_KEYS, address_of


def test_addresses() -> None:
    """Each key's address is the one that the library says."""
    for key in PUBLIC_KEYS:
        assert address_of(key) == address_of("0x" + key) == Account.from_key(key).address


def test_the_first_public_key_is_the_one_that_everybody_has_seen() -> None:
    """There are ten, of the accounts that test chains begin with."""
    assert len(PUBLIC_KEYS) == 10
    assert "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266" in map(address_of, PUBLIC_KEYS)


def test_what_is_no_key() -> None:
    """Zero has no address, nor has text."""
    assert address_of("00" * 32) is None
    assert address_of("0xkey") is None
