"""Ids: prefixed random names. The only module that draws them; tests hand in a seeded source."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]


class Ids:
    """Makes ids of 96 random bits; `source` gives random bytes (the system's by default)."""

    def __init__(self, source: RandomBytes = os.urandom) -> None:
        self._source = source

    def make(self, prefix: str) -> str:
        """A new id, such as `chatcmpl-3f9a...` for prefix `chatcmpl-`."""
        return prefix + self._source(12).hex()


def seeded(seed: int) -> Ids:
    """Ids that repeat with the seed, for tests and simulation."""
    return Ids(random.Random(seed).randbytes)
