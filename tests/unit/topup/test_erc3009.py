"""Bytes of the token's contract, against the names that they stand for; proofs in logs, right and nearly right."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from antiphon.accounts.ethereum import keccak
from antiphon.topup import erc3009
from antiphon.topup.erc3009 import LogEntry, Receipt, Wanted, proves, topic

ASSET, PAYER, PAY_TO, NONCE = "0x" + "a1" * 20, "0x" + "b2" * 20, "0x" + "c3" * 20, "0x" + "d4" * 32
WANTED = Wanted(ASSET, PAYER, NONCE, PAY_TO, 10)


def log(index: int, topics: list[str], data: str = "0x", **other: Any) -> LogEntry:  # Any: its fields
    """An event of the token."""
    return LogEntry(
        **{
            "address": ASSET.upper().replace("X", "x"),
            "topics": topics,
            "data": data,
            "log_index": hex(index),
            "transaction_hash": "0x1",
            "block_number": "0x1",
            **other,
        }
    )


USED = log(6, [erc3009.AUTHORIZATION_USED, topic(PAYER), topic(NONCE)])
MOVED = log(7, [erc3009.TRANSFER, topic(PAYER), topic(PAY_TO)], hex(10))


def receipt(*logs: LogEntry, status: str = "0x1") -> Receipt:
    """A transaction with these events."""
    return Receipt(status, "0x1", "0x1", list(logs))


@pytest.mark.parametrize(
    ("code", "signature"),
    [
        (erc3009.AUTHORIZATION_STATE, "authorizationState(address,bytes32)"),
        (erc3009.BALANCE_OF, "balanceOf(address)"),
        (erc3009.NAME, "name()"),
        (erc3009.VERSION, "version()"),
        (erc3009.DECIMALS, "decimals()"),
        (erc3009.AUTHORIZATION_USED, "AuthorizationUsed(address,bytes32)"),
        (erc3009.AUTHORIZATION_CANCELED, "AuthorizationCanceled(address,bytes32)"),
        (erc3009.TRANSFER, "Transfer(address,address,uint256)"),
    ],
)
def test_names_of_calls_and_events(code: str, signature: str) -> None:
    """Each is the beginning of its signature's hash, or all of it."""
    assert ("0x" + keccak(signature.encode()).hex()).startswith(code)


def test_a_use_and_the_transfer_after_it_are_a_proof() -> None:
    """Whatever else the transaction did."""
    assert proves(receipt(USED, MOVED), WANTED)
    assert proves(receipt(log(5, []), MOVED, USED), WANTED)


@pytest.mark.parametrize(
    "logs",
    [
        (),
        (USED,),
        (MOVED,),
        (USED, msgspec.structs.replace(MOVED, log_index="0x8")),
        (USED, msgspec.structs.replace(MOVED, log_index="0x5")),
        (USED, msgspec.structs.replace(MOVED, data=hex(9))),
        (USED, msgspec.structs.replace(MOVED, data="0x")),
        (USED, msgspec.structs.replace(MOVED, address=PAYER)),
        (USED, msgspec.structs.replace(MOVED, topics=[erc3009.TRANSFER, topic(PAYER), topic(PAYER)])),
        (USED, msgspec.structs.replace(MOVED, topics=[erc3009.TRANSFER, topic(PAY_TO), topic(PAY_TO)])),
        (msgspec.structs.replace(USED, address=PAYER), MOVED),
        (msgspec.structs.replace(USED, topics=[*USED.topics[:2], topic(PAYER)]), MOVED),
        (msgspec.structs.replace(USED, removed=True), MOVED),
        (USED, msgspec.structs.replace(MOVED, removed=True)),
    ],
)
def test_anything_less_is_none(logs: tuple[LogEntry, ...]) -> None:
    """Another nonce, payer, recipient, amount, token or order proves nothing."""
    assert not proves(receipt(*logs), WANTED)


def test_a_transaction_that_failed_proves_nothing() -> None:
    """Even if it had the right events."""
    assert not proves(receipt(USED, MOVED, status="0x0"), WANTED)


def test_results() -> None:
    """Texts and numbers of calls; what a call to nobody gives is neither."""
    told = "0x" + (32).to_bytes(32).hex() + (4).to_bytes(32).hex() + b"USDC".ljust(32, b"\0").hex()
    assert erc3009.text(told) == "USDC"
    assert (erc3009.text("0x"), erc3009.number("0x"), erc3009.number("0x06")) == ("", None, 6)
