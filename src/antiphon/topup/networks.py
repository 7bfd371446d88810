"""The chains whose USDC is known by heart. Pure."""

from __future__ import annotations

from msgspec import Struct


class Network(Struct, frozen=True):
    """A chain as x402 names it, now (`eip155:8453`) and in its first version (`base`), and USDC on it."""

    id: str
    v1_name: str
    asset: str
    name: str
    version: str
    test: bool  # whether its money is worth nothing

    @property
    def chain_id(self) -> int:
        """The number that signatures and transactions name."""
        return chain_id(self.id)


def chain_id(network: str) -> int:
    """The chain's number in `eip155:8453`."""
    return int(network.removeprefix("eip155:"))


BASE = Network("eip155:8453", "base", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "USD Coin", "2", test=False)
BASE_SEPOLIA = Network(
    "eip155:84532", "base-sepolia", "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "USDC", "2", test=True
)
NETWORKS = {network.id: network for network in (BASE, BASE_SEPOLIA)}
