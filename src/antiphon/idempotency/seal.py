"""What is kept of an answer: packed, and sealed so that only whoever sends the request again can open it. Pure."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode

import msgspec
from msgspec import Struct

from antiphon.http.exchange import Header

NONCE_BYTES = 12
TAG_BYTES = 16
ZLIB_LEVEL = 1  # a stream's events are much alike, so the quickest level leaves a tenth of them


class Kept(Struct, frozen=True):
    """An answer as it was given."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


_kept = msgspec.msgpack.Decoder(Kept)


def seal(kept: Kept, secret: bytes, nonce: bytes) -> str:
    """The answer as text (AES-256-GCM); a nonce is used once."""
    from Crypto.Cipher import AES

    packed = zlib.compress(msgspec.msgpack.encode(kept), ZLIB_LEVEL)
    sealed, tag = AES.new(secret, AES.MODE_GCM, nonce=nonce).encrypt_and_digest(packed)
    return b64encode(nonce + tag + sealed).decode()


def unseal(text: str, secret: bytes) -> Kept:
    """The answer; ValueError when it was sealed with another secret, or changed."""
    from Crypto.Cipher import AES

    data = b64decode(text)
    nonce, tag, sealed = data[:NONCE_BYTES], data[NONCE_BYTES:][:TAG_BYTES], data[NONCE_BYTES + TAG_BYTES :]
    packed = AES.new(secret, AES.MODE_GCM, nonce=nonce).decrypt_and_verify(sealed, tag)
    return _kept.decode(zlib.decompress(packed))
