"""Ids: prefixed random names and UUIDs. The only module that draws them; tests hand in a seeded source."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]
ID_BYTES = 12
UUID_BYTES = 16
DRAW_BYTES = 256 * ID_BYTES  # one system call for many ids


class Ids:
    """Makes ids of 96 random bits; `source` gives random bytes (the system's by default)."""

    def __init__(self, source: RandomBytes = os.urandom) -> None:
        self._source = source
        self._drawn: list[str] = []

    def make(self, prefix: str) -> str:
        """A new id, such as `chatcmpl-3f9a...` for prefix `chatcmpl-`."""
        if not self._drawn:
            self._drawn = self._source(DRAW_BYTES).hex("-", ID_BYTES).split("-")[::-1]
        return prefix + self._drawn.pop()

    def uuid(self) -> str:
        """A new random UUID (version 4), for ids that clients want in that form."""
        return _uuid(self._source(UUID_BYTES), version=4)


def derived_uuid(name: str) -> str:
    """The UUID (version 8) that always stands for `name`."""
    return _uuid(hashlib.sha256(name.encode()).digest()[:UUID_BYTES], version=8)


def _uuid(octets: bytes, *, version: int) -> str:
    number = int.from_bytes(octets)
    number = number & ~(0xF << 76) | version << 76  # the version's four bits
    number = number & ~(0b11 << 62) | 0b10 << 62  # the variant's two
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def seeded(seed: int) -> Ids:
    """Ids that repeat with the seed, for tests and simulation."""
    return Ids(random.Random(seed).randbytes)
