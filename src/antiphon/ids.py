"""Ids: prefixed random names. The only module that draws them; tests hand in a seeded source."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]
ID_BYTES = 12
DRAW_BYTES = 256 * ID_BYTES  # one system call for many ids


class Ids:
    """Makes ids of 96 random bits; `source` gives random bytes (the system's by default)."""

    def __init__(self, source: RandomBytes = os.urandom) -> None:
        self._source = source
        self._drawn = b""
        self._used = 0

    def make(self, prefix: str) -> str:
        """A new id, such as `chatcmpl-3f9a...` for prefix `chatcmpl-`."""
        if self._used >= len(self._drawn):
            self._drawn = self._source(DRAW_BYTES)
            self._used = 0
        start, self._used = self._used, self._used + ID_BYTES
        return prefix + self._drawn[start : self._used].hex()


def seeded(seed: int) -> Ids:
    """Ids that repeat with the seed, for tests and simulation."""
    return Ids(random.Random(seed).randbytes)
