"""Seals what a gateway asks of a node and what the node answers: the broker between them carries it unread.

Both have a pair of keys (X25519) for each start. A node tells its public key in its hello, signed by its wallet, so
that no broker can put its own in the place; a gateway tells its own with each job. From the secret that only these two
can reckon come two keys for each attempt, one a direction, and each frame is sealed with its number (AES-256-GCM): none
can be read, changed, left out unseen, or put into another attempt. A broker may send again what opened an attempt, and
a node that has forgotten it answers anew: each time under a number of its own, for no nonce is good for two texts.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
SALT_BYTES = 16
NONCE_BYTES = 12
RUN_BYTES = 6  # of a nonce, for which time it is that the node opens a job; the rest is the frame's number
BODY = bytes(NONCE_BYTES)
PURPOSE = b"antiphon seal 1"
SECRETS_MAX = 1_000  # that are kept, so that they need not be reckoned again


class SealBroken(Exception):
    """What was sent is not what whoever holds the key has sealed."""


class Seal:
    """One attempt's, the same at both ends. `run` is the node's number of this time; the gateway learns it."""

    __slots__ = ("_run", "_to_gateway", "_to_node")

    def __init__(self, secret: bytes, salt: bytes, subject: bytes, run: bytes = b"") -> None:
        keys = hashlib.blake2b(salt + subject, key=secret, digest_size=2 * KEY_BYTES, person=PURPOSE).digest()
        self._to_node = AESGCM(keys[:KEY_BYTES])
        self._to_gateway = AESGCM(keys[KEY_BYTES:])
        self._run = run

    def body(self, data: bytes) -> bytes:
        """What is asked, sealed."""
        return self._to_node.encrypt(BODY, data, None)

    def body_of(self, sealed: bytes) -> bytes:
        """What is asked; SealBroken when it was not sealed for this attempt."""
        return _opened(self._to_node, BODY, sealed)

    def frame(self, seq: int, data: bytes) -> bytes:
        """A frame of the answer, sealed."""
        return self._run + self._to_gateway.encrypt(_nonce(self._run, seq), data, None)

    def frame_of(self, seq: int, sealed: bytes) -> bytes:
        """The frame of that number; SealBroken when it is another one, or none, or of another time than the first."""
        run = sealed[:RUN_BYTES]
        try:
            data = _opened(self._to_gateway, _nonce(run, seq), sealed[RUN_BYTES:])
        except OverflowError as error:
            raise SealBroken("it has no such number") from error
        if self._run not in (b"", run):
            raise SealBroken("it is of another time")
        self._run = run
        return data


class SealKeys:
    """The pair of one gateway or node, made of 32 random bytes."""

    def __init__(self, private: bytes) -> None:
        self._private = X25519PrivateKey.from_private_bytes(private)
        self.public = self._private.public_key().public_bytes_raw()
        self._secrets: OrderedDict[bytes, bytes] = OrderedDict()
        self._runs = 0

    def with_node(self, node: bytes, salt: bytes, subject: bytes) -> Seal:
        """The seal of an attempt that this gateway opens; SealBroken when the node's is no key."""
        return Seal(self._secret(node, self.public + node), salt, subject)

    def with_gateway(self, gateway: bytes, salt: bytes, subject: bytes) -> Seal:
        """The seal of an attempt that is opened at this node; SealBroken when the gateway's is no key."""
        self._runs += 1
        return Seal(self._secret(gateway, gateway + self.public), salt, subject, self._runs.to_bytes(RUN_BYTES, "big"))

    def _secret(self, other: bytes, both: bytes) -> bytes:
        """What only these two can reckon, and a hash over whose keys it is of."""
        known = self._secrets.get(other)
        if known is not None:
            return known
        try:
            exchanged = self._private.exchange(X25519PublicKey.from_public_bytes(other))
        except ValueError as error:
            raise SealBroken("it is no key") from error
        if len(self._secrets) >= SECRETS_MAX:
            self._secrets.popitem(last=False)
        secret = self._secrets[other] = hashlib.sha256(exchanged + both).digest()
        return secret


def _nonce(run: bytes, seq: int) -> bytes:
    return run + seq.to_bytes(NONCE_BYTES - RUN_BYTES, "big")


def _opened(key: AESGCM, nonce: bytes, sealed: bytes) -> bytes:
    try:
        return key.decrypt(nonce, sealed, None)
    except (InvalidTag, ValueError) as error:  # ValueError: too short for a nonce
        raise SealBroken("it was not sealed for this") from error
