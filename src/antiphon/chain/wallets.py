"""Wallets: private keys in hexadecimal, the addresses that belong to them, and the files that they are kept in."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from antiphon.accounts.ethereum import keccak
from antiphon.errors import ConfigError
from antiphon.topup.wallet import PRIVATE_KEY
from antiphon.topup.wallet import address_of as found_address

SECRET_BYTES = 32


def address_of(private_key: str) -> str:
    """The address of a private key, with its checksum; ConfigError for what is no key of the curve."""
    address = found_address(private_key) if PRIVATE_KEY.fullmatch(private_key) else None
    if address is None:
        raise ConfigError("A private key is 64 hexadecimal digits, with or without 0x before them.")
    return address


def known_wallet(number: int) -> str:
    """The private key of a wallet that is the same everywhere; anybody can know it."""
    return "0x" + keccak(b"antiphon test wallet %d" % number).hex()


def kept_wallet(path: Path) -> str:
    """The private key in a file that only its owner may read, made if the file is missing."""
    try:
        if path.exists():
            path.chmod(0o600)
            return read_wallet(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        private_key = "0x" + secrets.token_hex(SECRET_BYTES)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(private_key + "\n")
    except OSError as error:
        raise ConfigError(f"{path} cannot be used: {error.strerror}.") from error
    return private_key


def read_wallet(path: Path) -> str:
    """The private key in a file; ConfigError where there is none."""
    try:
        text = path.read_bytes().decode("ascii", "replace").strip().lower()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    private_key = text if text.startswith("0x") else "0x" + text
    if PRIVATE_KEY.fullmatch(private_key) is None:
        raise ConfigError(f"{path} holds no private key: 64 hexadecimal digits are one.")
    return private_key
