"""What a request with an Idempotency-Key is known by: whose it is, which one, and what it asks. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from antiphon.errors import BadRequest
from antiphon.http.exchange import Exchange, require_key
from antiphon.key import Key

HEADER = b"idempotency-key"
NAME = "Idempotency-Key"
CHARACTERS_MAX = 255
PRINTABLE = re.compile(rb"[\x20-\x7e]{1,255}")
# What else than address and body changes an answer.
SHAPING_HEADERS = (b"x-wire", b"x-session-id", b"x-payment", b"payment-signature")


class Asked(Struct, frozen=True):
    """A request that may come again.

    `name` stands for the account and its key, `fingerprint` for all that the request asks. `secret` can be made only
    by whoever has the request itself: what is kept of its answer is sealed with it. None of them tells the key.
    """

    account: str
    name: str
    fingerprint: str
    secret: bytes


def read(exchange: Exchange, body: bytes) -> Asked:
    """What the request is known by; BadRequest when its key is none."""
    value = exchange.headers[HEADER].strip()
    if not PRINTABLE.fullmatch(value):
        rule = f"expected 1 to {CHARACTERS_MAX} printable characters of ASCII"
        raise BadRequest(f"{NAME}: {rule}.", param=NAME)
    key = require_key(exchange)
    account = key.account.encode()
    content = _digest(
        (
            exchange.method.encode(),
            exchange.path.encode(),
            exchange.query.encode(),
            *(exchange.headers.get(name, b"") for name in SHAPING_HEADERS),
            _rights(key),
            hashlib.sha256(body).digest(),
        )
    )
    return Asked(
        key.account,
        _digest((b"name", account, value)).hex(),
        _digest((b"fingerprint", account, value, content)).hex(),
        _digest((b"secret", account, value, content)),
    )


def _rights(key: Key) -> bytes:
    """What a key may use, and how it is answered and charged: no key is shown what it could not have asked for."""
    told = (sorted(key.models), sorted(key.projects), key.dria, key.session_memory, key.ledger)
    return msgspec.json.encode(told)


def _digest(parts: Iterable[bytes]) -> bytes:
    """The SHA-256 of the parts, each with its length, so that no two lists of parts are the same bytes."""
    return hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).digest()
