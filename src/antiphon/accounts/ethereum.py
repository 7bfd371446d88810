"""Ethereum's addresses and signed texts: EIP-55 checksums, EIP-191 signers. Pure.

The libraries are imported where they are used: a gateway that nobody signs in to never loads them.
"""

from __future__ import annotations

import re

ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}")  # r, s and v: 65 bytes
FIRST_V = 27  # v is 27 or 28; some wallets write the recovery id itself, 0 or 1


def keccak(data: bytes) -> bytes:
    """Keccak-256, which is not SHA3-256."""
    from Crypto.Hash import keccak as hashes

    return hashes.new(digest_bits=256, data=data).digest()


def checksummed(address: str) -> str:
    """The address with the checksum of EIP-55 in the case of its letters."""
    digits = address[2:].lower()
    marks = keccak(digits.encode()).hex()
    return "0x" + "".join(one.upper() if mark >= "8" else one for one, mark in zip(digits, marks, strict=False))


def well_cased(address: str) -> bool:
    """Whether an address has its checksum, or none: all letters in one case."""
    digits = address[2:]
    return digits in (digits.lower(), digits.upper()) or checksummed(address) == address


def signer(message: str, signature: str) -> str | None:
    """Whose key signed the text (EIP-191, as `personal_sign` does), with its checksum; None when nobody's did."""
    text = message.encode()
    return recovered(keccak(b"\x19Ethereum Signed Message:\n%d" % len(text) + text), signature)


def recovered(digest: bytes, signature: str) -> str | None:
    """Whose key signed a digest; None for what is not the 65 bytes of a signature."""
    if SIGNATURE.fullmatch(signature) is None:
        return None
    from coincurve import PublicKey

    octets = bytes.fromhex(signature[2:])
    v = octets[64] - FIRST_V if octets[64] >= FIRST_V else octets[64]
    if v not in (0, 1):
        return None
    try:
        key = PublicKey.from_signature_and_message(octets[:64] + bytes([v]), digest, hasher=None)
    except ValueError:
        return None
    return checksummed("0x" + keccak(key.format(compressed=False)[1:])[12:].hex())
