"""The token's contract in bytes: calls, results, and the proof of a transfer in a transaction's logs. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

AUTHORIZATION_STATE = "0xe94a0102"
BALANCE_OF = "0x70a08231"
NAME = "0x06fdde03"
VERSION = "0x54fd4d50"
DECIMALS = "0x313ce567"
AUTHORIZATION_USED = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5"
AUTHORIZATION_CANCELED = "0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81"
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
WORD_CHARACTERS = 64


class LogEntry(Struct, frozen=True, rename="camel"):
    """One event of a contract, as the chain tells it."""

    address: str
    topics: list[str]
    data: str
    log_index: str
    transaction_hash: str
    block_number: str
    removed: bool = False


class Receipt(Struct, frozen=True, rename="camel"):
    """What a transaction did."""

    status: str
    transaction_hash: str
    block_number: str
    logs: list[LogEntry]


class Wanted(Struct, frozen=True):
    """A transfer that an authorization may have made."""

    asset: str
    payer: str
    nonce: str
    pay_to: str
    amount: int


def word(value: str) -> str:
    """An address or a nonce as contracts read it, 32 bytes, in lower case."""
    return value.removeprefix("0x").lower().rjust(WORD_CHARACTERS, "0")


def topic(value: str) -> str:
    """An address or a nonce as logs are searched by it."""
    return "0x" + word(value)


def text(result: str) -> str:
    """The text that a call gave; "" when it gave none."""
    octets = bytes.fromhex(result.removeprefix("0x"))
    if len(octets) < 64:
        return ""
    size = int.from_bytes(octets[32:64])
    return octets[64 : 64 + size].decode("utf-8", "replace")


def number(result: str) -> int | None:
    """The number that a call gave; None when it gave none."""
    digits = result.removeprefix("0x")
    return int(digits, 16) if digits else None


def proves(receipt: Receipt, wanted: Wanted) -> bool:
    """Whether the transaction used this very authorization to move this very amount.

    The token tells of the use and of the transfer one right after the other. To look for both anywhere in the
    transaction would not do: it may use another authorization of the same payer, and be taken for both.
    """
    if receipt.status != "0x1":
        return False
    by_index = {int(log.log_index, 16): log for log in receipt.logs if not log.removed}
    used = (AUTHORIZATION_USED, topic(wanted.payer), topic(wanted.nonce))
    moved = (TRANSFER, topic(wanted.payer), topic(wanted.pay_to))
    return any(
        _is(log, wanted.asset, used)
        and (after := by_index.get(index + 1)) is not None
        and _is(after, wanted.asset, moved)
        and number(after.data) == wanted.amount
        for index, log in by_index.items()
    )


def _is(log: LogEntry, asset: str, topics: Sequence[str]) -> bool:
    return log.address.lower() == asset.lower() and [one.lower() for one in log.topics] == list(topics)
