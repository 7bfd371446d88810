"""JSON-RPC: results, refusals, and nobody there."""

from __future__ import annotations

import pytest

from antiphon.chain.local import LocalChain
from antiphon.chain.rpc import Rpc
from antiphon.errors import AntiphonError, Unavailable


def test_results_come_back(local_chain: LocalChain) -> None:
    """As they are, or as a number where the method gives one."""
    rpc = Rpc(local_chain.rpc_url)
    assert rpc.call("eth_chainId") == "0x14a34"
    assert rpc.number("eth_chainId") == 84532


def test_a_refusal_has_the_chains_words(local_chain: LocalChain) -> None:
    """The method is named."""
    with pytest.raises(AntiphonError, match="refused eth_nothing"):
        Rpc(local_chain.rpc_url).call("eth_nothing")


def test_nobody_there_is_unavailable() -> None:
    """The address is named."""
    with pytest.raises(Unavailable, match="http://127.0.0.1:9 does not answer"):
        Rpc("http://127.0.0.1:9").call("eth_chainId")
