"""Signatures of receipts: the wallet's own is good, and no other."""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.engines.receipt import NodeReceipt
from antiphon.topup.wallet import address_of
from antiphon.trust.signing import signed, signed_by

KEY = "0x" + "11" * 32
OTHER = "22" * 32
RECEIPT = NodeReceipt("att_1", "node-a", "m", "aa", "bb", 12, 34, 1_000, 1_100, 2_000, 7)


def owner(private_key: str) -> str:
    """The address of a key."""
    address = address_of(private_key)
    assert address is not None
    return address


def test_a_wallet_signs() -> None:
    """Its address is found again, in whatever case it is written; the same key signs the same way."""
    receipt = signed(RECEIPT, KEY)
    assert signed_by(receipt, owner(KEY))
    assert signed_by(receipt, owner(KEY).lower())
    assert signed(RECEIPT, KEY) == receipt


def test_another_wallet_or_another_text() -> None:
    """Neither is the node's signature."""
    receipt = signed(RECEIPT, KEY)
    assert not signed_by(signed(RECEIPT, OTHER), owner(KEY))
    assert not signed_by(replace(receipt, receipt=replace(RECEIPT, completion_tokens=340)), owner(KEY))


def test_what_is_no_signature() -> None:
    """Any text at all is refused, not raised about."""
    for text in ("", "0x", "0x" + "00" * 65, "0x" + "ff" * 65, "forged"):
        assert not signed_by(replace(signed(RECEIPT, KEY), signature=text), owner(KEY))
