"""Ethereum's addresses and signatures, on the published vectors and on what another library makes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.accounts.ethereum import checksummed, keccak, recovered, signer, well_cased

from .wallets import ADDRESS, OTHER_SECRET, address_of, signed

HELLO = (
    "0x9208d5f86a1f5d9c1908dbb42969925675ceb388616fc5b186c248e4967a03e0"
    "2e9d28a1adcb8cce60ebcef9756dee20522a2987afea3055f4edd8380d425f891b"
)
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # the order of the curve
CHECKSUMMED = (  # EIP-55's own
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
)


def word(value: str | int) -> bytes:
    """A value in 32 bytes, as Solidity's ABI has it."""
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32)


def test_keccak_is_not_sha3() -> None:
    """The digest of nothing is the one that every Ethereum library knows."""
    assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@pytest.mark.parametrize("address", CHECKSUMMED)
def test_checksums_are_those_of_the_proposal(address: str) -> None:
    """From whatever case the letters have."""
    assert checksummed(address.lower()) == address
    assert checksummed("0x" + address[2:].upper()) == address
    assert all(map(well_cased, (address, address.lower(), "0x" + address[2:].upper())))
    assert not well_cased(address.swapcase().replace("X", "x"))


def test_a_signed_text_tells_its_signer() -> None:
    """The vector was made by a library of its own; v may be written as 27 or 28, 0 or 1."""
    assert signer("hello", HELLO) == ADDRESS
    assert signer("hello", HELLO[:-2] + "00") == ADDRESS
    assert signer("hello ", HELLO) not in (None, ADDRESS)


def test_a_transfer_is_signed_as_typed_data() -> None:
    """The vector of a payment: its type, its domain, its digest and its signer."""
    kind = keccak(
        b"TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,"
        b"bytes32 nonce)"
    )
    assert kind.hex() == "7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267"
    domain = keccak(
        keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
        + keccak(b"USD Coin")
        + keccak(b"2")
        + word(8453)
        + word("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913")
    )
    assert domain.hex() == "02fa7265e7c5d81118673727957699e4d68f74cd74b7db77da710fe8a2c7834f"
    transfer = keccak(
        kind
        + word(ADDRESS)
        + word("0x209693Bc6afc0C5328bA36FaF03C514EF312287C")
        + word(10_000_000)
        + word(1_700_000_000)
        + word(1_700_000_300)
        + b"\x22" * 32
    )
    digest = keccak(b"\x19\x01" + domain + transfer)
    assert digest.hex() == "256a00666a0f2fef484044902238e0d1ae899c9d11c02bec72dccaff282b6d86"
    signature = (
        "0x7774d69c7362702c43e3025eb76bba206d2e228a4eeb9d9f4004e006de9b259c"
        "4a100d0b76e575b3f68202ab9b8247cc417faa0278607f5248148f82f88fd9311b"
    )
    assert recovered(digest, signature) == ADDRESS


@settings(max_examples=50)
@given(text=st.text(max_size=400), number=st.integers(1, N - 1))
def test_another_library_is_understood(text: str, number: int) -> None:
    """Any text signed by any wallet of eth-account is known to be that wallet's."""
    secret = "0x" + number.to_bytes(32).hex()
    assert signer(text, signed(text, secret)) == address_of(secret)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "0x",
        HELLO[2:],
        HELLO[:-2],
        HELLO + "00",
        HELLO.replace("0x", "0X"),
        HELLO[:-1] + "g",
        HELLO[:-2] + "1d",
        HELLO[:-2] + "02",
        HELLO[:-2] + "ff",
        "0x" + "00" * 64 + "1b",
        "0x" + "ff" * 64 + "1b",
        "0x" + word(N).hex() + HELLO[66:],
        HELLO[:66] + word(N).hex() + "1b",
        "0x" + word(0).hex() + HELLO[66:],
        HELLO[:66] + word(0).hex() + "1b",
        " " + HELLO,
        HELLO + "\n",
    ],
)
def test_what_is_no_signature_has_no_signer(signature: str) -> None:
    """Other lengths, other digits, numbers outside the curve: nobody signed that."""
    assert signer("hello", signature) is None


def test_the_other_half_of_the_curve_is_another_key() -> None:
    """A changed s is no second signature of the same wallet unless its v is changed with it."""
    s = N - int(HELLO[66:130], 16)
    assert signer("hello", HELLO[:66] + word(s).hex() + "1b") not in (None, ADDRESS)
    assert signer("hello", signed("hello", OTHER_SECRET)) == address_of(OTHER_SECRET)


def test_a_start_loads_no_cryptography() -> None:
    """Whoever does not sign in does not wait for the libraries."""
    code = (
        "import sys, antiphon.cli.app, antiphon.gateway.build\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'coincurve', 'Crypto', 'eth_account'}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"
