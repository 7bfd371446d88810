"""Claims: signed as NATS expects, and saying what they were asked to."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import nkeys

from antiphon.link import claims
from antiphon.link.claims import Rights
from antiphon.link.credentials import new_seed

NOW = 1_700_000_000.0
ACCOUNT = new_seed(nkeys.PREFIX_BYTE_ACCOUNT)
USER = claims.public_key(new_seed())


def unpacked(token: str) -> dict[str, Any]:
    """What a token says, its signature verified."""
    head, body, signature = token.split(".")
    told: dict[str, Any] = msgspec.json.decode(raw(body))
    nkeys.from_seed(bytearray(ACCOUNT.encode())).verify(f"{head}.{body}".encode(), raw(signature))
    assert msgspec.json.decode(raw(head)) == {"typ": "JWT", "alg": "ed25519-nkey"}
    return told


def raw(text: str) -> bytes:
    """Base64 without its padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_users_claims() -> None:
    """Issuer, subject, times and rights are those that were given."""
    token = claims.user(ACCOUNT, USER, Rights(("a.>",), ("b.>",), 3), name="n", now=NOW, expires=NOW + 60)
    told = unpacked(token)
    assert (told["iss"], told["sub"], told["name"]) == (claims.public_key(ACCOUNT), USER, "n")
    assert (told["iat"], told["exp"]) == (1_700_000_000, 1_700_000_060)
    assert told["nats"]["pub"] == {"allow": ["a.>"]}
    assert told["nats"]["sub"] == {"allow": ["b.>"]}
    assert told["nats"]["subs"] == 3
    assert claims.expires_at(token) == 1_700_000_060


def test_claims_without_an_end() -> None:
    """They say nothing of one, and of no rights."""
    token = claims.user(ACCOUNT, USER, None, name="n", now=NOW)
    assert "exp" not in unpacked(token)
    assert "pub" not in unpacked(token)["nats"]
    assert claims.expires_at(token) == 0


def test_ids_of_claims_differ_with_what_they_say() -> None:
    """Two tokens are the same only if they say the same."""
    first, second = (unpacked(claims.user(ACCOUNT, USER, None, name=name, now=NOW))["jti"] for name in "ab")
    assert first != second


def test_an_accounts_claims_name_who_is_out() -> None:
    """A revoked user stands there with the time of it."""
    token = claims.account(ACCOUNT, USER, name="antiphon", revoked={"UABC": 5}, now=NOW)
    assert unpacked(token)["nats"]["revocations"] == {"UABC": 5}
    assert unpacked(claims.operator(ACCOUNT, system_account="AX", now=NOW))["nats"]["system_account"] == "AX"
