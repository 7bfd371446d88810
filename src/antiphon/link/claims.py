"""The claims that a NATS server in operator mode believes: tokens that say who may connect, and what they may do. Pure.

A chain of three: the operator vouches for accounts, an account for its users, and a server knows the operator only. So
a node is let in or sent away without a word in the server's configuration.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
import nkeys
from msgspec import Struct

HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}
CLAIMS_VERSION = 2
ALL = -1  # no limit


class Rights(Struct, frozen=True):
    """The subjects that a user may publish to and subscribe to, and nothing else; how many, and how large a message."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    subscriptions_max: int = ALL
    message_bytes_max: int = ALL


def public_key(seed: str) -> str:
    """The name that the holder of a seed goes by."""
    key: bytes = nkeys.from_seed(bytearray(seed.encode())).public_key
    return key.decode()


def sign(seed: str, data: bytes) -> bytes:
    """The seed's signature under some bytes."""
    signature: bytes = nkeys.from_seed(bytearray(seed.encode())).sign(data)
    return signature


def operator(seed: str, *, system_account: str, now: float) -> str:
    """The operator's word about itself."""
    own = {"type": "operator", "version": CLAIMS_VERSION, "system_account": system_account}
    return _token(seed, public_key(seed), "antiphon", own, now=now)


def account(operator_seed: str, account_key: str, *, name: str, revoked: Mapping[str, int], now: float) -> str:
    """The operator's word about an account: users whose key is `revoked` are out, if their claims are no younger."""
    limits = {"subs": ALL, "data": ALL, "payload": ALL, "imports": ALL, "exports": ALL, "conn": ALL, "leaf": ALL}
    own: dict[str, Any] = {"type": "account", "version": CLAIMS_VERSION, "limits": {**limits, "wildcards": True}}
    if revoked:
        own["revocations"] = dict(revoked)
    return _token(operator_seed, account_key, name, own, now=now)


def user(account_seed: str, user_key: str, rights: Rights | None, *, name: str, now: float, expires: float = 0) -> str:
    """An account's word about a user, good until `expires` (seconds since 1970; 0: for ever). No rights: all."""
    own: dict[str, Any] = {"type": "user", "version": CLAIMS_VERSION, "data": ALL, "payload": ALL, "subs": ALL}
    if rights is not None:
        own["pub"] = {"allow": list(rights.publish)}
        own["sub"] = {"allow": list(rights.subscribe)}
        own["subs"] = rights.subscriptions_max
        own["payload"] = rights.message_bytes_max
    return _token(account_seed, user_key, name, own, now=now, expires=expires)


def expires_at(token: str) -> int:
    """When a token ends, in seconds since 1970; 0 for never."""
    payload = token.split(".")[1]
    return msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Expiry).exp


class _Expiry(Struct):
    exp: int = 0


def _token(  # Any: what NATS keeps in a claim of its own is of many shapes
    seed: str, subject: str, name: str, own: dict[str, Any], *, now: float, expires: float = 0
) -> str:
    claims: dict[str, Any] = {"iat": int(now), "iss": public_key(seed), "name": name, "sub": subject, "nats": own}
    if expires:
        claims["exp"] = int(expires)
    digest = hashlib.sha256(msgspec.json.encode(claims, order="deterministic")).digest()
    claims["jti"] = base64.b32encode(digest).decode().rstrip("=")
    signed = f"{_text(msgspec.json.encode(HEADER))}.{_text(msgspec.json.encode(claims))}"
    return f"{signed}.{_text(sign(seed, signed.encode()))}"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
