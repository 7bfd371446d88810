"""A node's wallet: what it signs texts and receipts with."""

from __future__ import annotations

from coincurve import PrivateKey

from antiphon.accounts.ethereum import keccak
from antiphon.topup.wallet import address_of

FIRST_V = 27


class Wallet:
    """One private key, in hexadecimal."""

    def __init__(self, private_key: str) -> None:
        address = address_of(private_key)
        assert address is not None, "a key is checked where it is read"
        self.address = address
        self._key = PrivateKey(bytes.fromhex(private_key.removeprefix("0x")))

    def signed(self, text: str) -> str:
        """The signature of a text (EIP-191, as `personal_sign` makes it)."""
        return "0x" + self.sign(text.encode()).hex()

    def sign(self, data: bytes) -> bytes:
        """The 65 bytes of a signature of the same kind, of any bytes."""
        digest = keccak(b"\x19Ethereum Signed Message:\n%d" % len(data) + data)
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([FIRST_V + signature[64]])


def new_key() -> str:
    """A new private key."""
    return "0x" + PrivateKey().to_hex()
