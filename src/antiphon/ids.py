"""Ids: prefixed names and UUIDs. The only module that draws them; tests hand in a seeded source.

A name begins with the time it was drawn at, so that what is made together stands together in an index of the database:
with names that are random from their first digit, each row of a group changes pages of its own.
"""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]
RANDOM_BYTES = 7  # of a name, after the time
TIME_DIGITS = 10
TIME_MAX = 16**TIME_DIGITS  # milliseconds: the same again after 34 years
UUID_BYTES = 16
DRAWN = 256  # ids for which one system call is made
VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))  # a UUID's 17th digit, its first two bits set to 10


class Ids:
    """Makes ids of a time and 56 random bits, and UUIDs.

    `source` gives random bytes (the system's by default), `now` the seconds since 1970.
    """

    def __init__(self, source: RandomBytes = os.urandom, now: Callable[[], float] = time.time) -> None:
        self._source = source
        self._now = now
        self._drawn: list[str] = []
        self._drawn_uuids: list[str] = []

    def make(self, prefix: str) -> str:
        """A new id, such as `chatcmpl-3f9a...` for prefix `chatcmpl-`."""
        if not self._drawn:
            begin = f"{int(self._now() * 1000) % TIME_MAX:0{TIME_DIGITS}x}"
            self._drawn = [begin + random_part for random_part in self._draw(RANDOM_BYTES)]
        return prefix + self._drawn.pop()

    def secret(self, size: int) -> bytes:
        """So many random bytes, none of which says anything."""
        return self._source(size)

    def uuid(self) -> str:
        """A new random UUID (version 4), for ids that clients want in that form."""
        if not self._drawn_uuids:
            self._drawn_uuids = [_uuid(digits, "4") for digits in self._draw(UUID_BYTES)]
        return self._drawn_uuids.pop()

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
    return Ids(random.Random(seed).randbytes, now=lambda: 0.0)
