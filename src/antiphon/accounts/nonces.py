"""Nonces of sign-ins: each says until when it is good and proves that a gateway made it, so that none is written down.

A flood of challenges costs no row. What is written is a nonce that was used, once, with the key that it led to.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

LIFETIME_S = 300
EXPIRY_BYTES = 5  # whole seconds since 1970
RANDOM_BYTES = 12
MAC_BYTES = 12
HEX_CHARACTERS = 2 * (EXPIRY_BYTES + RANDOM_BYTES + MAC_BYTES)
PURPOSE = b"antiphon sign-in nonce"


class Nonces:
    """Makes nonces under the first secret, and knows those that were made under any of them."""

    def __init__(self, secrets: Sequence[bytes], *, lifetime_s: int = LIFETIME_S) -> None:
        self._keys = [hmac.digest(secret, PURPOSE, "sha256") for secret in secrets]
        self._lifetime_s = lifetime_s

    def make(self, now_s: float, chance: bytes) -> str:
        """A nonce that is good from now on; `chance` are 12 random bytes."""
        stem = (int(now_s) + self._lifetime_s).to_bytes(EXPIRY_BYTES) + chance[:RANDOM_BYTES]
        return (stem + _mac(self._keys[0], stem)).hex()

    def expires_at_s(self, nonce: str) -> int | None:
        """Until when it is good; None when no gateway made it."""
        if len(nonce) != HEX_CHARACTERS or nonce != nonce.lower():
            return None
        try:
            octets = bytes.fromhex(nonce)
        except ValueError:
            return None
        stem, mac = octets[:-MAC_BYTES], octets[-MAC_BYTES:]
        if not any(hmac.compare_digest(mac, _mac(key, stem)) for key in self._keys):
            return None
        return int.from_bytes(stem[:EXPIRY_BYTES])


def _mac(key: bytes, stem: bytes) -> bytes:
    return hmac.digest(key, stem, "sha256")[:MAC_BYTES]
