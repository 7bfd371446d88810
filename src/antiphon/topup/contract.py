"""What the chain says of a payment. Credit is given on its word alone, never on a facilitator's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from antiphon.topup import erc3009
from antiphon.topup.erc3009 import LogEntry, Receipt, Wanted, topic, word
from antiphon.topup.model import DECIMALS, LATE_S, Terms, Topup
from antiphon.topup.networks import chain_id
from antiphon.topup.rpc import Block, Rpc, RpcFailed

LOOK_BACK_BLOCKS = 900  # half an hour on Base: an authorization may have been used before it was shown to us

_receipt = msgspec.json.Decoder(Receipt | None)
_logs = msgspec.json.Decoder(list[LogEntry])


class Mismatch(Exception):
    """The chain or its token is another than the settings say; the message says in what."""


class Finding(Struct, frozen=True):
    """What became of an authorization: it paid in a transaction, it never will, or that is not known yet."""

    state: Literal["paid", "dead", "open"]
    tx_hash: str = ""
    reason: str = ""


class TokenContract:
    """The token of one chain; `close` it. `range_blocks` is how many blocks one search of logs may span."""

    def __init__(self, rpc: Rpc, terms: Terms, *, range_blocks: int) -> None:
        self._rpc = rpc
        self._terms = terms
        self._range_blocks = range_blocks
        self._checked = False

    async def require_match(self) -> None:
        """Mismatch unless chain and token are what the settings say; the chain is asked until it has told once."""
        if self._checked:
            return
        terms, rpc = self._terms, self._rpc
        found = await rpc.number("eth_chainId")
        if found != chain_id(terms.network):
            raise Mismatch(f"topup.rpc_url: the chain is {found}, `topup.network` is {terms.network}")
        for what, call, wanted in (("name", erc3009.NAME, terms.name), ("version", erc3009.VERSION, terms.version)):
            told = erc3009.text(await rpc.view(terms.asset, call))
            if told != wanted:
                raise Mismatch(f"topup.asset: its {what} is `{told}`, the settings say `{wanted}`")
        decimals = erc3009.number(await rpc.view(terms.asset, erc3009.DECIMALS))
        if decimals != DECIMALS:
            raise Mismatch(f"topup.asset: it has {decimals} decimals, USDC has {DECIMALS}")
        self._checked = True

    async def first_block(self) -> int:
        """The first block that can hold a transfer of which we have heard just now."""
        await self.require_match()
        return max(0, (await self._rpc.block("latest")).number - LOOK_BACK_BLOCKS)

    async def look(self, topup: Topup, tx_hash: str = "") -> Finding:
        """What became of a payment; `tx_hash` is where somebody says that it is. RpcFailed or Mismatch."""
        await self.require_match()
        if tx_hash and (receipt := await self._receipt(tx_hash)) and erc3009.proves(receipt, _wanted(topup)):
            return await self._paid(topup, receipt)
        head = await self._rpc.block("latest")
        late = head.time_s > topup.valid_before + LATE_S
        if not await self._used(topup, head):
            # The token takes nothing after `valid_before`, so what is unused then stays unused.
            return Finding("dead", reason="it was not used in time") if late else Finding("open")
        uses = 0
        async for receipt in self._receipts(topup, head, erc3009.AUTHORIZATION_USED):
            uses += 1
            if erc3009.proves(receipt, _wanted(topup)):
                return await self._paid(topup, receipt)
        async for _ in self._receipts(topup, head, erc3009.AUTHORIZATION_CANCELED):
            uses += 1
        if uses and late:
            return Finding("dead", reason="it was cancelled, or paid something else")
        return Finding("open", reason="" if uses else "the token says that it is used, and no log tells where")

    async def has(self, topup: Topup) -> bool:
        """Whether the transaction in which a payment is said to be has it."""
        await self.require_match()
        receipt = await self._receipt(topup.tx_hash)
        return receipt is not None and erc3009.proves(receipt, _wanted(topup))

    async def balance(self, address: str) -> int:
        """How much of the token an address has, in its own unit."""
        return erc3009.number(await self._rpc.view(self._terms.asset, erc3009.BALANCE_OF + word(address))) or 0

    def close(self) -> None:
        """Let go of the node."""
        self._rpc.close()

    async def _paid(self, topup: Topup, receipt: Receipt) -> Finding:
        """A large payment counts once its block is safe from being undone."""
        block = int(receipt.block_number, 16)
        if topup.amount >= self._terms.safe_above and block > (await self._rpc.block("safe")).number:
            return Finding("open", reason="its block is not safe yet")
        return Finding("paid", receipt.transaction_hash)

    async def _used(self, topup: Topup, head: Block) -> bool:
        """Whether the token takes that nonce no more, as of a block that the node must have."""
        data = erc3009.AUTHORIZATION_STATE + word(topup.payer) + word(topup.nonce)
        return bool(erc3009.number(await self._rpc.view(topup.asset, data, hex(head.number))))

    async def _receipt(self, tx_hash: str) -> Receipt | None:
        try:
            found: Receipt | None = _receipt.decode(await self._rpc.raw("eth_getTransactionReceipt", tx_hash))
        except msgspec.DecodeError as error:
            raise RpcFailed(f"eth_getTransactionReceipt: {error}") from None
        return found

    async def _receipts(self, topup: Topup, head: Block, event: str) -> AsyncIterator[Receipt]:
        """The transactions in which the token told of that event for the payment's nonce."""
        topics = [event, topic(topup.payer), topic(topup.nonce)]
        for first, last in ranges(topup.from_block, head.number, self._range_blocks):
            searched = {"address": topup.asset, "topics": topics, "fromBlock": hex(first), "toBlock": hex(last)}
            try:
                logs = _logs.decode(await self._rpc.raw("eth_getLogs", searched))
            except msgspec.DecodeError as error:
                raise RpcFailed(f"eth_getLogs: {error}") from None
            for log in logs:
                if (receipt := await self._receipt(log.transaction_hash)) is not None:
                    yield receipt


def _wanted(topup: Topup) -> Wanted:
    return Wanted(topup.asset, topup.payer, topup.nonce, topup.pay_to, topup.amount)


def ranges(first: int, last: int, size: int) -> Iterator[tuple[int, int]]:
    """Blocks `first` to `last` in pieces of at most `size`, the latest first: most searches end there."""
    while last >= first:
        yield max(first, last - size + 1), last
        last -= size
