"""The chains known by heart, against what x402's own package says of them."""

from __future__ import annotations

from x402.mechanisms.evm.default_assets import DEFAULT_ASSETS
from x402.mechanisms.evm.v1.constants import V1_NETWORK_CHAIN_IDS

from antiphon.topup.networks import NETWORKS


def test_they_are_what_clients_know() -> None:
    """Number, old name, token and its domain are those of the library that pays."""
    for network in NETWORKS.values():
        assert V1_NETWORK_CHAIN_IDS[network.v1_name] == network.chain_id
        known = DEFAULT_ASSETS[network.id][0]
        assert (known["asset"], known["name"], known["version"]) == (network.asset, network.name, network.version)
