"""Wallets for tests, by a library that is not the gateway's own."""

from __future__ import annotations

import sys

RECURSION_LIMIT = sys.getrecursionlimit()

from eth_account import Account  # noqa: E402 - what it imports raises the limit for the whole process,
from eth_account.messages import encode_defunct  # noqa: E402 - so deep that nested JSON would overflow the stack

sys.setrecursionlimit(RECURSION_LIMIT)

SECRET = "0x" + "11" * 32
ADDRESS = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
OTHER_SECRET = "0x" + "22" * 32


def address_of(secret: str) -> str:
    """The wallet's address with its checksum."""
    return str(Account.from_key(secret).address)


def signed(message: str, secret: str = SECRET) -> str:
    """The wallet's signature of a text."""
    return "0x" + bytes(Account.sign_message(encode_defunct(text=message), secret).signature).hex()
