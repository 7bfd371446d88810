"""Ids: prefixed random names and UUIDs. The only module that draws them; tests hand in a seeded source."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]
ID_BYTES = 12
UUID_BYTES = 16
DRAWN = 256  # ids for which one system call is made
VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))  # a UUID's 17th digit, its first two bits set to 10


class Ids:
    """Makes ids of 96 random bits; `source` gives random bytes (the system's by default)."""

    def __init__(self, source: RandomBytes = os.urandom) -> None:
        self._source = source
        self._drawn: list[str] = []
        self._drawn_uuids: list[str] = []

    def make(self, prefix: str) -> str:
        """A new id, such as `chatcmpl-3f9a...` for prefix `chatcmpl-`."""
        if not self._drawn:
            self._drawn = self._draw(ID_BYTES)
        return prefix + self._drawn.pop()

    def uuid(self) -> str:
        """A new random UUID (version 4), for ids that clients want in that form."""
        if not self._drawn_uuids:
            self._drawn_uuids = self._draw(UUID_BYTES)
        return _uuid(self._drawn_uuids.pop(), "4")

    def _draw(self, size: int) -> list[str]:
        """Many random numbers of so many bytes, in hexadecimal, the last one drawn first."""
        return self._source(DRAWN * size).hex("-", size).split("-")[::-1]


def derived_uuid(name: str) -> str:
    """The UUID (version 8) that always stands for `name`."""
    return _uuid(hashlib.sha256(name.encode()).digest()[:UUID_BYTES].hex(), "8")


def _uuid(digits: str, version: str) -> str:
    """The UUID of 32 hexadecimal digits, two of which give way to its version and its variant."""
    variant = VARIANTS[digits[16]] + digits[17:20]
    return f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-{variant}-{digits[20:]}"


def seeded(seed: int) -> Ids:
    """Ids that repeat with the seed, for tests and simulation."""
    return Ids(random.Random(seed).randbytes)
