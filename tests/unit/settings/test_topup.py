"""Combinations of settings that would lose money, or take it for nothing, are refused before anything starts."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.settings.model import Settings
from antiphon.settings.paths import path_text
from antiphon.settings.rules import broken
from antiphon.settings.secret import Secret
from antiphon.settings.topup import TopupSettings
from antiphon.topup.wallet import PUBLIC_KEYS, address_of

KEY = "0x" + "11" * 32
PAY_TO = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C"
GOOD = {
    "network": "eip155:8453",
    "rpc_url": Secret("https://rpc.example/v2/key"),
    "pay_to": PAY_TO,
    "facilitator_key": Secret(KEY),
}
LOCAL = {"network": "eip155:84532", "rpc_url": Secret("http://127.0.0.1:8545")}
PUBLIC = {"facilitator_key": Secret("0x" + min(PUBLIC_KEYS).upper())}
OTHER = {"network": "eip155:1", "asset": PAY_TO, "asset_name": "USD Coin", "asset_version": "2"}


def wrong(*, development_key: bool = False, **fields: Any) -> list[str]:  # Any: settings
    """Paths of broken rules."""
    settings = Settings(development_key=development_key, topup=TopupSettings(**fields))
    return [path_text(path) for path, _ in broken(settings) if path[0] == "topup"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        GOOD,
        {**GOOD, "facilitator_key": Secret(KEY[2:])},
        {**GOOD, "facilitator_key": None, "facilitator_url": "https://facilitator.example"},
        {**GOOD, "pay_to": PAY_TO.lower()},
        {**GOOD, **LOCAL, **PUBLIC},
        {**GOOD, **OTHER},
    ],
)
def test_what_is_right(fields: dict[str, Any]) -> None:
    """Base with a key or a facilitator elsewhere, a test chain on this machine, another chain in full."""
    assert wrong(**fields) == []


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"pay_to": PAY_TO}, ["topup.network"]),
        ({"network": "eip155:8453"}, ["topup.rpc_url", "topup.pay_to", "topup.facilitator_key"]),
        ({**GOOD, "pay_to": None}, ["topup.pay_to"]),
        ({**GOOD, "rpc_url": Secret("rpc.example")}, ["topup.rpc_url"]),
        ({**GOOD, "rpc_url": Secret("https://rpc.example/?key=1")}, ["topup.rpc_url"]),
        ({**GOOD, "facilitator_url": "https://facilitator.example"}, ["topup.facilitator_key"]),
        ({**GOOD, "facilitator_key": Secret("key")}, ["topup.facilitator_key"]),
        ({**GOOD, "facilitator_key": Secret("00" * 32)}, ["topup.facilitator_key"]),
        ({**GOOD, "pay_to": address_of(KEY)}, ["topup.pay_to"]),
        ({**GOOD, "pay_to": PAY_TO.replace("B", "b")}, ["topup.pay_to"]),
        ({**GOOD, **PUBLIC}, ["topup.facilitator_key"]),
        ({**GOOD, **PUBLIC, "rpc_url": Secret("http://localhost")}, ["topup.facilitator_key"]),
        ({**GOOD, **PUBLIC, "network": "eip155:84532"}, ["topup.facilitator_key"]),
        ({**GOOD, "amount_min_micro_usdc": 0}, ["topup.amount_min_micro_usdc"]),
        ({**GOOD, "amount_min_micro_usdc": 2, "amount_max_micro_usdc": 1}, ["topup.amount_min_micro_usdc"]),
        ({**GOOD, "network": "eip155:1"}, ["topup.asset", "topup.asset_name", "topup.asset_version"]),
        ({**GOOD, "development_key": True}, ["topup.network"]),
        ({**GOOD, **OTHER, "development_key": True}, ["topup.network"]),
    ],
)
def test_what_is_unsafe(fields: dict[str, Any], paths: list[str]) -> None:
    """Each rule names the setting to change."""
    assert wrong(**fields) == paths


def test_a_development_key_on_a_test_chain() -> None:
    """There the money is worth nothing."""
    assert wrong(development_key=True, **{**GOOD, **LOCAL}) == []
