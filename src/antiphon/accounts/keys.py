"""API keys: how they are made and recognised, and the digest of those that settings name."""

from __future__ import annotations

import binascii
import hashlib
import re
import secrets
from typing import Literal

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_BYTES = 32
BODY_CHARACTERS = 43  # of base 62, for 32 bytes
CHECK_CHARACTERS = 6
FORM = re.compile(r"dkn_(live|test)_[0-9A-Za-z]{49}")


def mint(kind: Literal["live", "test"]) -> str:
    """A new key: `dkn_live_` or `dkn_test_`, 256 random bits, 6 characters that betray a typing mistake."""
    prefix = f"dkn_{kind}_"
    body = _base62(int.from_bytes(secrets.token_bytes(RANDOM_BYTES)), BODY_CHARACTERS)
    return prefix + body + _check(prefix + body)


def well_formed(key: str) -> bool:
    """Whether a `dkn_` key's closing characters fit the rest."""
    return FORM.fullmatch(key) is not None and key[-CHECK_CHARACTERS:] == _check(key[:-CHECK_CHARACTERS])


def digest(key: str) -> str:
    """What settings hold of a key: SHA-256, hexadecimal. 256 random bits need no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def _check(text: str) -> str:
    return _base62(binascii.crc32(text.encode()), CHECK_CHARACTERS)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
