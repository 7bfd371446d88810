"""What the chain is asked, and what is made of a node that says strange things."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from antiphon.topup import erc3009
from antiphon.topup.contract import Finding, Mismatch, TokenContract, ranges
from antiphon.topup.model import Topup
from antiphon.topup.networks import BASE_SEPOLIA as NETWORK
from antiphon.topup.rpc import Rpc, RpcFailed
from tests.fixtures.topup.desk import Desk

from .test_erc3009 import ASSET, MOVED, NONCE, PAY_TO, PAYER, USED
from .test_model import TERMS

VALID_BEFORE = 1_000
TOPUP = Topup("id", TERMS.network, ASSET, PAY_TO, PAYER, NONCE, "acme", 10, VALID_BEFORE, 0)
RECEIPT: dict[str, Any] = {  # Any: JSON
    "status": "0x1",
    "transactionHash": "0x1",
    "blockNumber": "0x5",
    "logs": [json.loads(msgspec.json.encode(log)) for log in (USED, MOVED)],
}
TEXTS = {erc3009.NAME: TERMS.name, erc3009.VERSION: TERMS.version}


class Node(Rpc):
    """A node that says what it was given to say."""

    def __init__(self, **told: Any) -> None:
        self.told: dict[str, Any] = {
            "chain_id": hex(8453),
            "decimals": "0x6",
            "texts": TEXTS,
            "head": (2_500, VALID_BEFORE),
            "safe": 0,
            "used": "0x1",
            "receipts": {"0x1": RECEIPT},
            "logs": {erc3009.AUTHORIZATION_USED: ["0x1"]},
            **told,
        }
        self.searched: list[tuple[int, int]] = []

    async def raw(self, method: str, *params: Any) -> bytes:
        """JSON of the method's result."""
        return json.dumps(self._answer(method, *params)).encode()

    def _answer(self, method: str, *params: Any) -> object:
        match method:
            case "eth_chainId":
                return self.told["chain_id"]
            case "eth_getBlockByNumber":
                number, time_s = self.told["head"] if params[0] == "latest" else (self.told["safe"], 0)
                return {"number": hex(number), "timestamp": hex(time_s)}
            case "eth_getTransactionReceipt":
                return self.told["receipts"].get(params[0])
            case "eth_getLogs":
                return self._logs(params[0])
            case _:
                return self._view(params[0]["data"])

    def _view(self, data: str) -> str:
        if data in self.told["texts"]:
            text = str(self.told["texts"][data]).encode()
            return "0x" + (32).to_bytes(32).hex() + len(text).to_bytes(32).hex() + text.ljust(32, b"\0").hex()
        return str(self.told["decimals"] if data == erc3009.DECIMALS else self.told["used"])

    def _logs(self, asked: Any) -> object:
        self.searched.append((int(asked["fromBlock"], 16), int(asked["toBlock"], 16)))
        found = self.told["logs"].get(asked["topics"][0], [])
        if not isinstance(found, list):
            return found
        return [{**RECEIPT["logs"][0], "transactionHash": each} for each in found]


def contract(**told: Any) -> TokenContract:
    """The token as that node tells of it."""
    return TokenContract(Node(**told), TERMS, range_blocks=1_000)


def test_ranges() -> None:
    """All blocks, in pieces, the latest first."""
    assert list(ranges(0, 2_500, 1_000)) == [(1_501, 2_500), (501, 1_500), (0, 500)]
    assert list(ranges(5, 5, 1_000)) == [(5, 5)]
    assert list(ranges(6, 5, 1_000)) == []


async def test_the_real_token(desk: Desk) -> None:
    """Base Sepolia's own contract is what the settings say by default."""
    await desk.contract.require_match()
    assert await desk.contract.first_block() >= 0
    assert await desk.contract.balance(desk.terms.pay_to) == 0


async def test_another_chain(desk: Desk) -> None:
    """The same node under another network's name is not asked for anything else."""
    other = TokenContract(desk.rpc, msgspec.structs.replace(desk.terms, network="eip155:8453"), range_blocks=1)
    with pytest.raises(Mismatch, match=r"topup.rpc_url: the chain is 84532, `topup.network` is eip155:8453"):
        await other.first_block()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"texts": {**TEXTS, erc3009.NAME: "USDC"}}, "its name is `USDC`"),
        ({"texts": {**TEXTS, erc3009.VERSION: "1"}}, "its version is `1`"),
        ({"decimals": "0x12"}, "18 decimals"),
        ({"decimals": "0x"}, "None decimals"),
    ],
)
async def test_another_token(told: dict[str, Any], words: str) -> None:
    """One whose name, version or decimals differ would take no payment, or take it for another amount."""
    with pytest.raises(Mismatch, match=words):
        await contract(**told).look(TOPUP)


async def test_a_hint_is_enough() -> None:
    """Where somebody says where the payment is, logs are not searched."""
    found = contract()
    assert await found.look(TOPUP, "0x1") == Finding("paid", "0x1")
    assert found._rpc.searched == []  # type: ignore[attr-defined]


async def test_a_false_hint_is_no_more_than_a_hint() -> None:
    """The logs are searched all the same, range by range."""
    found = contract(logs={})
    assert (await found.look(TOPUP, "0x2")).state == "open"
    assert found._rpc.searched[:3] == [(1_501, 2_500), (501, 1_500), (0, 500)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("told", "finding"),
    [
        ({}, Finding("paid", "0x1")),
        ({"used": "0x0"}, Finding("open")),
        ({"used": "0x0", "head": (9, VALID_BEFORE + 60)}, Finding("open")),
        ({"used": "0x0", "head": (9, VALID_BEFORE + 61)}, Finding("dead", reason="it was not used in time")),
        ({"receipts": {}}, Finding("open", reason="the token says that it is used, and no log tells where")),
        (
            {"logs": {}, "head": (9, 10**9)},
            Finding("open", reason="the token says that it is used, and no log tells where"),
        ),
        ({"receipts": {"0x1": {**RECEIPT, "logs": []}}}, Finding("open")),
        (
            {"receipts": {"0x1": {**RECEIPT, "logs": []}}, "head": (9, 10**9)},
            Finding("dead", reason="it was cancelled, or paid something else"),
        ),
    ],
)
async def test_findings(told: dict[str, Any], finding: Finding) -> None:
    """Paid with a proof, dead only by the chain's own clock, open in any doubt."""
    assert await contract(**told).look(TOPUP) == finding


async def test_large_payments() -> None:
    """They count from the safe block on."""
    large = msgspec.structs.replace(TERMS, safe_above=10)
    assert (await TokenContract(Node(safe=4), large, range_blocks=9).look(TOPUP)).reason == "its block is not safe yet"
    assert (await TokenContract(Node(safe=5), large, range_blocks=9).look(TOPUP)).state == "paid"


@pytest.mark.parametrize("told", [{"receipts": {"0x1": 5}}, {"logs": {erc3009.AUTHORIZATION_USED: "none"}}])
async def test_nonsense(told: dict[str, Any]) -> None:
    """What is not as the node's interface says is as good as no answer."""
    with pytest.raises(RpcFailed):
        await contract(**told).look(TOPUP)


def test_the_network_of_the_settings() -> None:
    """The chain's number is in its name."""
    assert NETWORK.chain_id == 84532
