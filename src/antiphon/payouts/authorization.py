"""The wallet's authorization of one transfer (ERC-3009, EIP-712), and the call that shows many to the token. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.accounts.ethereum import keccak
from antiphon.payouts.model import Payout
from antiphon.topup.erc3009 import word
from antiphon.topup.model import Terms
from antiphon.topup.networks import chain_id

DOMAIN = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
TRANSFER = (
    b"TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,"
    b"bytes32 nonce)"
)
CALL = "e3ee160e"  # transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)
MANY = "82ad56cb"  # aggregate3((address,bool,bytes)[])
MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"  # the same on every chain that has it
WORD_BYTES = 32


def digest(payout: Payout, terms: Terms) -> bytes:
    """What the wallet signs: that exactly this may be moved, once, before a time."""
    domain = (
        keccak(DOMAIN).hex()
        + keccak(terms.name.encode()).hex()
        + keccak(terms.version.encode()).hex()
        + _number(chain_id(terms.network))
        + word(terms.asset)
    )
    said = keccak(TRANSFER).hex() + _fields(payout)
    return keccak(b"\x19\x01" + keccak(bytes.fromhex(domain)) + keccak(bytes.fromhex(said)))


def call(payout: Payout, signature: bytes) -> str:
    """The call of the token that makes the transfer; `signature` is r, s and the recovery id."""
    return CALL + _fields(payout) + _number(27 + signature[64]) + signature[:64].hex()


def many(asset: str, calls: Sequence[str]) -> str:
    """One call for all of them; one that fails leaves the others as they are."""
    told = [word(asset) + _number(1) + _number(3 * WORD_BYTES) + _bytes(one) for one in calls]
    places, offset = "", len(told) * WORD_BYTES
    for one in told:
        places += _number(offset)
        offset += len(one) // 2
    return "0x" + MANY + _number(WORD_BYTES) + _number(len(told)) + places + "".join(told)


def _fields(payout: Payout) -> str:
    amounts = _number(payout.amount) + _number(0) + _number(payout.valid_before)
    return word(payout.payer) + word(payout.owner) + amounts + word(payout.nonce)


def _number(value: int) -> str:
    return f"{value:064x}"


def _bytes(data: str) -> str:
    size = len(data) // 2
    return _number(size) + data.ljust(2 * WORD_BYTES * -(-size // WORD_BYTES), "0")
