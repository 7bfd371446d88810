"""What a wallet signs and what the token is called with, beside the libraries that others use for it."""

from __future__ import annotations

from eth_abi.abi import decode, encode
from eth_account import Account
from eth_account.messages import encode_typed_data

from antiphon.accounts.ethereum import keccak
from antiphon.payouts.authorization import call, digest, many
from antiphon.payouts.model import Payout
from antiphon.payouts.wallet import Wallet
from antiphon.topup.model import Terms
from antiphon.topup.networks import BASE_SEPOLIA

KEY = "11" * 32
WALLET = Wallet(KEY)
OWNER = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
ASSET = BASE_SEPOLIA.asset
TERMS = Terms(BASE_SEPOLIA.id, "base-sepolia", ASSET, "USDC", "2", WALLET.address, 1, 10**9)
PAYOUT = Payout("p", OWNER, BASE_SEPOLIA.id, ASSET, WALLET.address, "0x" + "ab" * 32, 1_500_000, 1_800_000_000, 7)
FIELDS = ("address", "address", "uint256", "uint256", "uint256", "bytes32")


def test_the_digest_is_that_of_typed_data() -> None:
    """As any wallet makes it."""
    names = ("from", "to", "value", "validAfter", "validBefore", "nonce")
    types = [{"name": name, "type": kind} for name, kind in zip(names, FIELDS, strict=True)]
    values = (WALLET.address, OWNER, PAYOUT.amount, 0, PAYOUT.valid_before, bytes.fromhex("ab" * 32))
    domain = {"name": "USDC", "version": "2", "chainId": 84532, "verifyingContract": ASSET}
    typed = encode_typed_data(domain, {"TransferWithAuthorization": types}, dict(zip(names, values, strict=True)))
    signature = WALLET.sign(digest(PAYOUT, TERMS))
    expected = Account.sign_message(typed, KEY).signature
    assert signature[:64] + bytes([27 + signature[64]]) == bytes(expected)


def test_the_call_is_the_tokens_own() -> None:
    """Its selector is the hash of its signature, its words are the fields in their order."""
    signature = WALLET.sign(digest(PAYOUT, TERMS))
    kinds = [*FIELDS, "uint8", "bytes32", "bytes32"]
    made = bytes.fromhex(call(PAYOUT, signature))
    assert made[:4] == keccak(f"transferWithAuthorization({','.join(kinds)})".encode())[:4]
    told = decode(kinds, made[4:])
    assert told[:3] == (WALLET.address.lower(), OWNER.lower(), PAYOUT.amount)
    assert told[6:] == (27 + signature[64], signature[:32], signature[32:64])


def test_many_calls_are_one() -> None:
    """As the library encodes them, whatever their number."""
    kinds = "(address,bool,bytes)[]"
    one = call(PAYOUT, WALLET.sign(digest(PAYOUT, TERMS)))
    for count in (0, 1, 3):
        expected = encode([kinds], [[(ASSET, True, bytes.fromhex(one))] * count])
        made = many(ASSET, [one] * count)
        assert made == "0x" + keccak(f"aggregate3({kinds})".encode())[:4].hex() + expected.hex()
