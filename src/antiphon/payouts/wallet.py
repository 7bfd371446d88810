"""Wallets that sign payments and transactions. The libraries are loaded where they are used."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

import msgspec

from antiphon.errors import ConfigError
from antiphon.topup.rpc import Rpc, RpcFailed
from antiphon.topup.wallet import PRIVATE_KEY, address_of

GAS_MARGIN = 5  # a fifth more than the node estimates
FEE_TIMES = 2  # of what a block costs now, so that the next few may cost more
MINED_S = 60.0
POLL_S = 0.2
INSTALL = "payouts take the package `x402`: pip install 'antiphon[payments]'"


class Sender(Protocol):
    """Puts a call on the chain."""

    async def send(self, to: str, data: str) -> str:
        """The hash of its transaction, once that is mined or has been waited for; RpcFailed when it was not taken."""
        ...


class Wallet:
    """A private key that signs authorizations."""

    def __init__(self, private_key: str) -> None:
        address = address_of(private_key) if PRIVATE_KEY.fullmatch(private_key) else None
        if address is None:
            raise ConfigError("A private key is 64 hexadecimal digits, with or without 0x before them.")
        self.address = address
        self._octets = bytes.fromhex(private_key.removeprefix("0x"))

    def sign(self, digest: bytes) -> bytes:
        """The 65 bytes of its signature: r, s and the recovery id."""
        from coincurve import PrivateKey

        return PrivateKey(self._octets).sign_recoverable(digest, hasher=None)


class GasSender:
    """Sends from a wallet that has money for gas; one transaction at a time."""

    def __init__(self, private_key: str, rpc: Rpc, *, mined_s: float = MINED_S) -> None:
        self._key = private_key
        self._address = Wallet(private_key).address
        self._rpc = rpc
        self._mined_s = mined_s

    async def send(self, to: str, data: str) -> str:
        """As Sender has it."""
        raw = await self._signed(to, data)
        tx_hash = str(await self._rpc.call("eth_sendRawTransaction", raw))
        with contextlib.suppress(TimeoutError):  # it may be mined later: whoever asks the chain then finds it
            async with asyncio.timeout(self._mined_s):
                await self._mined(tx_hash)
        return tx_hash

    async def _mined(self, tx_hash: str) -> None:
        while True:
            if await self._rpc.call("eth_getTransactionReceipt", tx_hash) is not None:
                return
            await asyncio.sleep(POLL_S)

    async def _signed(self, to: str, data: str) -> str:
        try:
            from eth_account import Account
        except ImportError as error:
            raise ConfigError(f"{INSTALL}.") from error
        rpc = self._rpc
        asked = {"from": self._address, "to": to, "data": data}
        gas = await rpc.number("eth_estimateGas", asked)
        tip = await rpc.number("eth_maxPriorityFeePerGas")
        fields = {
            "type": 2,
            "chainId": await rpc.number("eth_chainId"),
            "nonce": await rpc.number("eth_getTransactionCount", self._address, "pending"),
            "to": to,
            "value": 0,
            "data": data,
            "gas": gas + gas // GAS_MARGIN,
            "maxPriorityFeePerGas": tip,
            "maxFeePerGas": FEE_TIMES * await _base_fee(rpc) + tip,
        }
        return "0x" + bytes(Account.sign_transaction(fields, self._key).raw_transaction).hex()


async def _base_fee(rpc: Rpc) -> int:
    block = msgspec.json.decode(await rpc.raw("eth_getBlockByNumber", "latest", False))
    fee = block.get("baseFeePerGas") if isinstance(block, dict) else None
    if not isinstance(fee, str):
        raise RpcFailed("eth_getBlockByNumber: it tells no fee")
    return int(fee, 16)
