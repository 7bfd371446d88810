"""What a machine shows to become a node, and to be let in again: the token, and the texts that its wallet signs. Pure.

A token holds all that a machine needs to begin: the gateway's address and a secret that is good once. The check at its
end tells a token that was not copied whole from one that is no good any more.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode

from msgspec import Struct

from antiphon.accounts.ethereum import signer
from antiphon.accounts.wallet import time_text
from antiphon.errors import ConfigError, Unauthenticated

PREFIX = "join_"
SECRET_BYTES = 24
CHECK_BYTES = 4
URL_BYTES_MAX = 300
TOKEN_CHARACTERS_MAX = 512
CLOCK_TOLERANCE_S = 300.0
FINGERPRINT_CHARACTERS = 16


class Token(Struct, frozen=True):
    """A gateway's address and the secret of an invite, in hexadecimal."""

    url: str
    secret: str


def written(token: Token) -> str:
    """The token as people copy it."""
    payload = bytes.fromhex(token.secret) + token.url.encode()
    return PREFIX + urlsafe_b64encode(payload + _check(payload)).decode().rstrip("=")


def read(text: str) -> Token:
    """What a token holds; ConfigError when it was not copied whole."""
    body = text.strip().removeprefix(PREFIX)
    try:
        data = urlsafe_b64decode(body + "=" * (-len(body) % 4)) if len(body) <= TOKEN_CHARACTERS_MAX else b""
        payload, check = data[:-CHECK_BYTES], data[-CHECK_BYTES:]
        if check != _check(payload) or len(payload) <= SECRET_BYTES:
            raise ValueError
        return Token(payload[SECRET_BYTES:].decode("ascii"), payload[:SECRET_BYTES].hex())
    except ValueError:
        raise ConfigError(
            "--join: this is no token, or not all of one. Copy the whole line that `antiphon nodes invite` printed."
        ) from None


def fingerprint(secret: str) -> str:
    """What stands for an invite's secret where others may see it."""
    return hashlib.sha256(b"antiphon invite " + secret.encode()).hexdigest()[:FINGERPRINT_CHARACTERS]


def enrolment_text(address: str, nkey: str, secret: str, issued_at_s: int) -> str:
    """What the wallet of a new node signs: this key is mine, for this invite and no other."""
    return (
        "This machine wants to serve models as a node of your Antiphon wallet:\n"
        f"{address}\n\n"
        "This costs nothing and moves no funds.\n\n"
        f"Node Key: {nkey}\n"
        f"Invite: {fingerprint(secret)}\n"
        f"Issued At: {time_text(issued_at_s)}"
    )


def lease_text(node: str, epoch: int | None, issued_at_s: int) -> str:
    """What a node's wallet signs to be let in: with a new lease, or for as long again with the one of `epoch`."""
    lease = "a new one" if epoch is None else str(epoch)
    return f"Let this Antiphon node in:\n{node}\n\nLease: {lease}\nIssued At: {time_text(issued_at_s)}"


def seal_text(node: str, epoch: int, seal_key: bytes) -> str:
    """What a node's wallet signs, so that jobs are sealed for this node and for nobody between it and its gateways."""
    return (
        f"What is asked of this Antiphon node is sealed with a key of its own:\n{node}\n\n"
        f"Lease: {epoch}\nKey: {seal_key.hex()}"
    )


def has_signed(text: str, signature: str, address: str) -> bool:
    """Whether the wallet of that address has signed a text."""
    return signer(text, signature) == address


def require_signed(text: str, signature: str, address: str) -> None:
    """Refuse a text that the wallet of that address has not signed."""
    if not has_signed(text, signature, address):
        raise Unauthenticated("signature: it is not that of the node's wallet.", code="node_refused")


def require_timely(issued_at_s: int, now_s: float) -> None:
    """Refuse what was signed long ago, or by a clock that is far off; say by how much."""
    ahead_s = issued_at_s - now_s
    if abs(ahead_s) > CLOCK_TOLERANCE_S:
        where = "ahead of" if ahead_s > 0 else "behind"
        minutes = round(abs(ahead_s) / 60)
        raise Unauthenticated(
            f"The clock of this machine is {minutes} minutes {where} the gateway's: set it, then start again.",
            code="clock_off",
        )


def _check(payload: bytes) -> bytes:
    return binascii.crc32(payload).to_bytes(CHECK_BYTES, "big")
