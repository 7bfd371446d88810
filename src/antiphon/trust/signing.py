"""The wallet's signature of a node's receipt (EIP-191): made on the node, verified by the gateway. Pure."""

from __future__ import annotations

from antiphon.accounts.ethereum import keccak, signer
from antiphon.engines.receipt import NodeReceipt, SignedReceipt


def signed(receipt: NodeReceipt, private_key: str) -> SignedReceipt:
    """The receipt as the wallet of that key signs it."""
    from coincurve import PrivateKey

    text = receipt.text.encode()
    digest = keccak(b"\x19Ethereum Signed Message:\n%d" % len(text) + text)
    octets = PrivateKey.from_hex(private_key.removeprefix("0x")).sign_recoverable(digest, hasher=None)
    return SignedReceipt(receipt, "0x" + (octets[:64] + bytes([27 + octets[64]])).hex())


def signed_by(receipt: SignedReceipt, owner: str) -> bool:
    """Whether the wallet of that address, in whatever case, signed it."""
    found = signer(receipt.receipt.text, receipt.signature)
    return found is not None and found.lower() == owner.lower()
