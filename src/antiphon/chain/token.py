"""USDC's own contract on a local chain: compiled by its makers, where the test network has it, money made at will."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from msgspec import Struct

from antiphon.accounts.ethereum import keccak
from antiphon.chain.packages import Packages
from antiphon.chain.rpc import Rpc
from antiphon.errors import AntiphonError, Unavailable

CHAIN_ID = 84532  # Base Sepolia's: clients of today and of yesterday know it, and no real money has it
USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e"  # where Base Sepolia has the token
NAME = "USDC"
VERSION = "2"
DECIMALS = 6
MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
MULTICALL3_CODE = Path(__file__).with_name("multicall3.hex")  # MIT, as viem deploys it
NOBODY = "0x000000000000000000000000000000000000dEaD"
MINTABLE = 10**18
MINED_S = 10.0
POLL_S = 0.01


class Token(Struct, frozen=True):
    """The token on a chain that has it."""

    rpc: Rpc

    def balance(self, address: str) -> int:
        """How many micro-USDC an address has."""
        asked = {"to": USDC, "data": call_data("balanceOf(address)", address)}
        return self.rpc.number("eth_call", asked, "latest")

    def mint(self, address: str, amount: int) -> None:
        """Give an address new micro-USDC."""
        send(self.rpc, USDC, call_data("mint(address,uint256)", address, amount))


def deploy(rpc: Rpc, parts: Packages) -> Token:
    """The token, put there and initialised as USDC is, unless the chain has it already."""
    if len(rpc.call("eth_getCode", USDC, "latest")) > len("0x"):
        return Token(rpc)
    checker = send(rpc, None, _artifact(parts.signature_checker)["bytecode"])["contractAddress"]
    rpc.call("anvil_setCode", MULTICALL3, MULTICALL3_CODE.read_text(encoding="ascii").strip())
    rpc.call("anvil_setCode", USDC, linked(_artifact(parts.token), checker))
    admin = _admin(rpc)
    setup = "initialize(string,string,string,uint8,address,address,address,address)"
    for data in (
        call_data(setup, NAME, NAME, "USD", DECIMALS, admin, admin, admin, admin),
        call_data("initializeV2(string)", NAME),
        call_data("initializeV2_1(address)", NOBODY),
        call_data("initializeV2_2(address[],string)", [], NAME),
        call_data("configureMinter(address,uint256)", admin, MINTABLE),
    ):
        send(rpc, USDC, data)
    return Token(rpc)


def linked(artifact: dict[str, Any], library: str) -> str:  # Any: the compiler's document
    """The contract's code with the library's address in each place that waits for it."""
    code: str = artifact["deployedBytecode"].removeprefix("0x")
    for libraries in artifact["deployedLinkReferences"].values():
        for places in libraries.values():
            for place in places:
                start, end = 2 * place["start"], 2 * (place["start"] + place["length"])
                code = code[:start] + library.removeprefix("0x").lower() + code[end:]
    return "0x" + code


def call_data(signature: str, *arguments: object) -> str:
    """A call as contracts read it: the first bytes of the signature's hash, then the arguments."""
    from eth_abi.abi import encode

    types = _types(signature[signature.index("(") + 1 : -1])
    return "0x" + (keccak(signature.encode())[:4] + encode(types, arguments)).hex()


def send(rpc: Rpc, to: str | None, data: str) -> dict[str, Any]:  # Any: the chain's receipt
    """The receipt of a transaction from the chain's own account; AntiphonError when it was undone."""
    sent = {"from": _admin(rpc), "data": data, **({} if to is None else {"to": to})}
    transaction, pause = rpc.call("eth_sendTransaction", sent), threading.Event()
    for _ in range(int(MINED_S / POLL_S)):
        receipt: dict[str, Any] | None = rpc.call("eth_getTransactionReceipt", transaction)
        if receipt is None:
            pause.wait(POLL_S)  # it is mined a moment after it was taken
        elif int(receipt["status"], 16) == 1:
            return receipt
        else:
            raise AntiphonError(f"The local chain undid a transaction to {to}.")
    raise Unavailable(f"The local chain did not mine a transaction within {MINED_S:g} s.")


def _admin(rpc: Rpc) -> str:
    return str(rpc.call("eth_accounts")[0])


def _types(text: str) -> list[str]:
    return text.split(",") if text else []


def _artifact(path: Path) -> dict[str, Any]:  # Any: the compiler's document
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise AntiphonError(f"{path} is not the compiled contract that it should be.") from error
    return found
