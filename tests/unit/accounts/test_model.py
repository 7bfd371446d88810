"""Accounts and keys by themselves: what they are called, what a grant may hold, when a key is good."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from antiphon.accounts.model import Account, Grant, KeyRecord, account_fault, as_key, beyond, broken
from antiphon.key import ADMIN, CLIENT, INFERENCE, Allowance, Key

from .wallets import ADDRESS

NOW_MS = 1_000_000
GRANT = Grant("a key", CLIENT)
RECORD = KeyRecord("key_1", "acme", "live", GRANT, "d", "p", "dkn_live_abc", "wxyz", NOW_MS)


@pytest.mark.parametrize(("account", "wallet"), [(ADDRESS, True), ("acme", False)])
def test_an_account_is_a_wallet_or_a_name(account: str, wallet: bool) -> None:
    """Both are good ids."""
    assert account_fault(account) is None
    assert Account(account, NOW_MS).wallet == wallet


@pytest.mark.parametrize("account", ["", "a b", "-a", "a" * 201, "a\0", "caf\u00e9"])
def test_other_names_are_refused(account: str) -> None:
    """A name can stand in a log, a path and a header."""
    assert account_fault(account) == (
        "expected 1 to 200 letters, digits and `._:/@+-`, beginning with a letter or digit"
    )


@pytest.mark.parametrize("account", [ADDRESS.lower(), "0x" + ADDRESS[2:].upper(), ADDRESS[:-1], "0x", "0Xacme"])
def test_a_name_does_not_look_like_a_wallet(account: str) -> None:
    """An operator's account must never be one to which somebody else can sign in."""
    assert account_fault(account) == "expected a wallet's address with the checksum of EIP-55"


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "active"),
        ({"grant": replace(GRANT, expires_at_ms=NOW_MS + 1)}, "active"),
        ({"grant": replace(GRANT, expires_at_ms=NOW_MS)}, "expired"),
        ({"revoked_at_ms": NOW_MS}, "revoked"),
        ({"revoked_at_ms": NOW_MS, "grant": replace(GRANT, expires_at_ms=1)}, "revoked"),
        ({"replaced_by": "key_2"}, "active"),
    ],
)
def test_a_key_has_a_state(fields: dict[str, Any], state: str) -> None:  # Any: values of fields
    """Until its end it is good, also when it has a successor already."""
    assert replace(RECORD, **fields).state(NOW_MS) == state


def test_a_request_carries_what_was_granted() -> None:
    """All of it, with what the account may."""
    grant = Grant("k", INFERENCE, frozenset({"m"}), frozenset({"p"}), 1, 2, 3, 4, 5, frozenset({"node-1"}), 6, 7)
    assert as_key(replace(RECORD, grant=grant), Allowance(6, 7, 8)) == Key(
        "k",
        1,
        frozenset({"m"}),
        frozenset({"p"}),
        scopes=INFERENCE,
        account_name="acme",
        dria=True,
        id="key_1",
        tokens_per_minute=2,
        parallel_max=3,
        account_allowance=Allowance(6, 7, 8),
        spend_cap=4,
        live=True,
        nodes=frozenset({"node-1"}),
        prompt_price_max=6,
        completion_price_max=7,
    )


def test_a_plain_grant_breaks_no_rule() -> None:
    """Neither does one with everything."""
    assert list(broken(GRANT, NOW_MS)) == []
    whole = Grant("k", INFERENCE, frozenset({"m/a:1"}), frozenset({"p"}), 1, 2, 3, 4, NOW_MS + 1)
    assert list(broken(whole, NOW_MS)) == []
    assert list(broken(replace(GRANT, scopes=ADMIN), NOW_MS)) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a" * 65}, "name"),
        ({"name": "a\n"}, "name"),
        ({"name": "\x1b[31m"}, "name"),
        ({"scopes": frozenset()}, "scopes"),
        ({"models": frozenset({""})}, "models"),
        ({"models": frozenset(map(str, range(257)))}, "models"),
        ({"projects": frozenset({"a b"})}, "projects"),
        ({"requests_per_minute": -1}, "requests_per_minute"),
        ({"tokens_per_minute": 10**9 + 1}, "tokens_per_minute"),
        ({"parallel_max": -1}, "parallel_max"),
        ({"spend_cap": -1}, "spend_cap_micro_usdc"),
        ({"spend_cap": 10**15 + 1}, "spend_cap_micro_usdc"),
        ({"expires_at_ms": NOW_MS}, "expires_in_s"),
        ({"nodes": frozenset({"a b"})}, "nodes"),
        ({"prompt_price_max": -1}, "max_price_micro_usdc.prompt"),
        ({"completion_price_max": 10**15 + 1}, "max_price_micro_usdc.completion"),
        ({"scopes": ADMIN, "spend_cap": 1}, "scopes"),
        ({"scopes": ADMIN, "nodes": frozenset({"node-1"})}, "scopes"),
        ({"scopes": ADMIN, "completion_price_max": 0}, "scopes"),
        ({"scopes": ADMIN, "models": frozenset({"m"})}, "scopes"),
        ({"scopes": ADMIN, "parallel_max": 1}, "scopes"),
    ],
)
def test_each_rule_names_its_field(fields: dict[str, Any], field: str) -> None:  # Any: values of fields
    """A key that makes others can have no limit, since the others would not have it."""
    assert [found for found, _ in broken(replace(GRANT, **fields), NOW_MS)] == [field]


def test_a_key_makes_none_that_may_more() -> None:
    """Scopes, models and projects of the new one are among its own."""
    maker = Key("m", models=frozenset({"a", "b"}), projects=frozenset({"p"}), scopes=CLIENT)
    good = Grant("k", INFERENCE, frozenset({"a"}), frozenset({"p"}))
    assert list(beyond(good, maker)) == []
    assert [field for field, _ in beyond(replace(good, scopes=ADMIN), maker)] == ["scopes"]
    assert [field for field, _ in beyond(replace(good, models=frozenset({"a", "c"})), maker)] == ["models"]
    assert [field for field, _ in beyond(replace(good, models=frozenset()), maker)] == ["models"]
    assert [field for field, _ in beyond(replace(good, projects=frozenset({"q"})), maker)] == ["projects"]
    assert list(beyond(good, Key("free", scopes=CLIENT))) == []


def test_a_key_makes_none_that_may_cost_more_or_go_elsewhere() -> None:
    """Its own nodes and prices bound those of the new one."""
    maker = Key("m", scopes=CLIENT, nodes=frozenset({"a"}), prompt_price_max=5, completion_price_max=9)
    good = Grant("k", INFERENCE, nodes=frozenset({"a"}), prompt_price_max=5, completion_price_max=0)
    assert list(beyond(good, maker)) == []
    assert [field for field, _ in beyond(replace(good, nodes=frozenset()), maker)] == ["nodes"]
    assert [field for field, _ in beyond(replace(good, prompt_price_max=6), maker)] == ["max_price_micro_usdc.prompt"]
    dearer = replace(good, completion_price_max=None)
    assert [field for field, _ in beyond(dearer, maker)] == ["max_price_micro_usdc.completion"]
