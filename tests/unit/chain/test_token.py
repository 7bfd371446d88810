"""The token on a local chain: USDC's own, where clients look for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_abi.abi import decode, encode

from antiphon.accounts.ethereum import keccak
from antiphon.chain.local import LocalChain
from antiphon.chain.packages import packages
from antiphon.chain.token import MULTICALL3, NOBODY, USDC, VERSION, call_data, deploy, linked, send
from antiphon.chain.wallets import address_of, known_wallet
from antiphon.errors import AntiphonError


def asked(chain: LocalChain, signature: str, kind: str, *arguments: object) -> object:
    """What the token answers."""
    call = {"to": USDC, "data": call_data(signature, *arguments)}
    (found,) = decode([kind], bytes.fromhex(chain.token.rpc.call("eth_call", call, "latest")[2:]))
    return found


def test_it_is_usdc_by_name_and_version(local_chain: LocalChain) -> None:
    """What clients sign for: name, version, decimals, and the domain that these and the chain make."""
    assert asked(local_chain, "name()", "string") == "USDC"
    assert asked(local_chain, "version()", "string") == VERSION
    assert asked(local_chain, "decimals()", "uint8") == 6
    kind = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    parts = (kind, keccak(b"USDC"), keccak(b"2"), (84532).to_bytes(32), bytes(12) + bytes.fromhex(USDC[2:]))
    assert asked(local_chain, "DOMAIN_SEPARATOR()", "bytes32") == keccak(b"".join(parts))


def test_money_is_made_at_will(local_chain: LocalChain) -> None:
    """For whoever it is to be."""
    address = address_of(known_wallet(100))
    before = local_chain.token.balance(address)
    local_chain.token.mint(address, 2_500_000)
    assert local_chain.token.balance(address) == before + 2_500_000


def test_a_second_deployment_changes_nothing(local_chain: LocalChain, chain_packages: Path) -> None:
    """What wallets have stays theirs."""
    rpc = local_chain.token.rpc
    sender, before = rpc.call("eth_accounts")[0], local_chain.token.balance(local_chain.wallet.address)
    sent = rpc.number("eth_getTransactionCount", sender, "latest")
    token = deploy(rpc, packages(chain_packages))
    assert rpc.number("eth_getTransactionCount", sender, "latest") == sent
    assert token.balance(local_chain.wallet.address) == before


def test_several_calls_go_in_one(local_chain: LocalChain) -> None:
    """Multicall3 is where every chain has it: the facilitator finds reasons with it."""
    balance = bytes.fromhex(call_data("balanceOf(address)", local_chain.wallet.address)[2:])
    data = keccak(b"tryAggregate(bool,(address,bytes)[])")[:4] + encode(
        ["bool", "(address,bytes)[]"], [False, [(USDC, balance), (USDC, b"\x00\x00\x00\x00")]]
    )
    told = local_chain.token.rpc.call("eth_call", {"to": MULTICALL3, "data": "0x" + data.hex()}, "latest")
    ((good, answer), (bad, _)), *_ = decode(["(bool,bytes)[]"], bytes.fromhex(told[2:]))
    assert (good, bad) == (True, False)
    assert int.from_bytes(answer) == local_chain.token.balance(local_chain.wallet.address)


def test_a_transaction_that_was_undone_is_an_error(local_chain: LocalChain) -> None:
    """The token cannot be initialised twice."""
    with pytest.raises(AntiphonError, match="refused|undid"):
        send(local_chain.token.rpc, USDC, call_data("initializeV2_1(address)", NOBODY))


def test_the_library_stands_in_every_place_that_waits_for_it() -> None:
    """And nowhere else."""
    artifact = {
        "deployedBytecode": "0x" + "00" * 50,
        "deployedLinkReferences": {"a.sol": {"A": [{"start": 2, "length": 20}, {"start": 28, "length": 20}]}},
    }
    assert linked(artifact, "0x" + "AB" * 20) == "0x" + "00" * 2 + "ab" * 20 + "00" * 6 + "ab" * 20 + "00" * 2


def test_contract_signatures_are_checked_by_the_library(local_chain: LocalChain) -> None:
    """The overload that takes `bytes` reaches the linked library, which refuses a stranger's signature in its words."""
    arguments = (local_chain.wallet.address, NOBODY, 1, 0, 2**40, b"\x01" * 32, b"\x02" * 65)
    kinds = "address,address,uint256,uint256,uint256,bytes32,bytes"
    call = {"to": USDC, "data": call_data(f"transferWithAuthorization({kinds})", *arguments)}
    with pytest.raises(AntiphonError, match="ECRecover|invalid signature"):
        local_chain.token.rpc.call("eth_call", call, "latest")
