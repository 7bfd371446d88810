"""Keys on the wire: what a body asks for, and what is shown of a key."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.accounts.model import Grant, KeyRecord
from antiphon.accounts.service import OVERLAP_S, Minted
from antiphon.accounts.wire import KeyBody, RotationBody, WireSignedIn, grant, shown, shown_once
from antiphon.key import ADMIN, INFERENCE

NOW_MS = 5_000
RECORD = KeyRecord(
    "key_1",
    "acme",
    "live",
    Grant("k", ADMIN, frozenset({"n", "m"}), frozenset({"p"}), 1, 2, 3, 4, 6_000, frozenset({"node-1"}), 7),
    "a digest",
    "a pepper",
    "dkn_live_abc",
    "wxyz",
    1_000,
    None,
    "key_2",
)


def test_a_body_is_a_grant() -> None:
    """A lifetime counts from now; what is not said is not limited."""
    body = msgspec.json.decode(b'{"name": "k"}', type=KeyBody)
    assert grant(body, NOW_MS) == Grant("k", INFERENCE)
    given = {
        "name": "k",
        "scopes": ["credits"],
        "models": ["m", "m"],
        "projects": ["p"],
        "requests_per_minute": 1,
        "tokens_per_minute": 2,
        "parallel_max": 3,
        "spend_cap_micro_usdc": 0,
        "expires_in_s": 60,
        "nodes": ["node-1"],
        "max_price_micro_usdc": {"completion": 5},
    }
    expected = Grant(
        "k",
        frozenset({"credits"}),
        frozenset({"m"}),
        frozenset({"p"}),
        1,
        2,
        3,
        0,
        NOW_MS + 60_000,
        frozenset({"node-1"}),
        None,
        5,
    )
    assert grant(msgspec.convert(given, KeyBody), NOW_MS) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"name": ""}',
        b'{"name": "k", "scopes": ["root"]}',
        b'{"name": "k", "requests_per_minute": -1}',
        b'{"name": "k", "expires_in_s": 0}',
        b'{"name": "k", "spend_cap_micro_usdc": 1.5}',
        b'{"name": "k", "max_price_micro_usdc": {"prompt": -1}}',
        b'{"name": "k", "account": "other"}',
    ],
)
def test_a_wrong_body_is_none(body: bytes) -> None:
    """Least of all one that names another account."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=KeyBody)


def test_a_key_is_shown_without_its_digest() -> None:
    """And its names in order."""
    found = msgspec.to_builtins(shown(RECORD, NOW_MS))
    assert found == {
        "id": "key_1",
        "account": "acme",
        "name": "k",
        "kind": "live",
        "first": "dkn_live_abc",
        "last": "wxyz",
        "state": "active",
        "scopes": ["admin", "channel", "credits", "inference", "keys"],
        "models": ["m", "n"],
        "projects": ["p"],
        "requests_per_minute": 1,
        "tokens_per_minute": 2,
        "parallel_max": 3,
        "spend_cap_micro_usdc": 4,
        "created_at_ms": 1_000,
        "expires_at_ms": 6_000,
        "revoked_at_ms": None,
        "replaced_by": "key_2",
        "nodes": ["node-1"],
        "max_price_micro_usdc": {"prompt": 7, "completion": None},
        "object": "key",
    }
    assert shown(RECORD, 6_000).state == "expired"


def test_a_new_key_is_shown_with_what_is_kept() -> None:
    """Once, beside it."""
    minted = shown_once(Minted("dkn_live_abcxyz", RECORD), NOW_MS)
    assert (minted.api_key, minted.key.id) == ("dkn_live_abcxyz", "key_1")


def test_answers_hold_what_there_is() -> None:
    """A sign-in has no nonce, a rotation overlaps by a day."""
    assert msgspec.json.encode(WireSignedIn("k", "0x1", "key_1")) == b'{"api_key":"k","address":"0x1","key_id":"key_1"}'
    assert RotationBody().overlap_s == OVERLAP_S == 86_400
