"""What gateways of one database share, sealed under their pepper: the database's rows alone open nothing. Pure."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence

from antiphon.accounts.pepper import Pepper

NONCE_BYTES = 12
TAG_BYTES = 16
PURPOSE = b"antiphon node secrets"


def seal(data: bytes, pepper: Pepper, nonce: bytes) -> str:
    """The data as text (AES-256-GCM) under a key that only the pepper leads to; a nonce is used once."""
    from Crypto.Cipher import AES

    sealed, tag = AES.new(_key(pepper), AES.MODE_GCM, nonce=nonce).encrypt_and_digest(data)
    return b64encode(nonce + tag + sealed).decode()


def unseal(text: str, peppers: Sequence[Pepper]) -> bytes | None:
    """The data; None when it was sealed under none of these peppers, or changed."""
    from Crypto.Cipher import AES

    data = b64decode(text)
    nonce, tag, sealed = data[:NONCE_BYTES], data[NONCE_BYTES:][:TAG_BYTES], data[NONCE_BYTES + TAG_BYTES :]
    for pepper in peppers:
        try:
            return AES.new(_key(pepper), AES.MODE_GCM, nonce=nonce).decrypt_and_verify(sealed, tag)
        except ValueError:
            continue
    return None


def _key(pepper: Pepper) -> bytes:
    return hmac.digest(pepper.secret, PURPOSE, "sha256")
