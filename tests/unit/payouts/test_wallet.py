"""Wallets: keys that are none, and transactions that the chain does not take."""

from __future__ import annotations

import pytest

from antiphon.chain.local import LocalChain
from antiphon.chain.token import USDC
from antiphon.errors import ConfigError
from antiphon.payouts.wallet import GasSender, Wallet
from antiphon.topup.rpc import Rpc, RpcFailed


@pytest.mark.parametrize("key", ["", "0x12", "00" * 32, "zz" * 32])
def test_what_is_no_key(key: str) -> None:
    """It is refused with what one looks like."""
    with pytest.raises(ConfigError, match="64 hexadecimal digits"):
        Wallet(key)


async def test_a_call_that_the_contract_refuses(local_chain: LocalChain) -> None:
    """It is not sent, and costs nothing."""
    rpc = Rpc(local_chain.rpc_url)
    with pytest.raises(RpcFailed, match="eth_estimateGas"):
        await GasSender(local_chain.facilitator.private_key, rpc).send(USDC, "0xffffffff")
    rpc.close()
