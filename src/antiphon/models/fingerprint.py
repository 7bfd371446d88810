"""The fingerprint of a prompt: a number for each beginning of it, so that prompts that begin alike have some in common.

Gateways make the same numbers of the same text, so a node may keep them and tell of them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

CHARACTERS_PER_TOKEN = 4
# Short beginnings are told apart finely, long ones coarsely: a fingerprint stays short, and so does making it.
BOUNDARIES = (
    *range(512, 4_096, 512),
    *range(4_096, 16_384, 2_048),
    *range(16_384, 65_536, 4_096),
    *range(65_536, 524_289, 32_768),
)
HELD_TOKENS = (0, *(boundary // CHARACTERS_PER_TOKEN for boundary in BOUNDARIES))  # by how many numbers are alike
DIGEST_BYTES = 8
BETWEEN = "\x1e"  # no text that is sent has it, so that pieces cannot be cut otherwise and look alike


def fingerprint(seed: str, pieces: Iterable[str]) -> tuple[int, ...]:
    """The numbers of all beginnings of `pieces`, the shortest first, for prompts that `seed` says may be alike."""
    text = BETWEEN.join(pieces)
    digest = blake2b(seed.encode(), digest_size=DIGEST_BYTES)
    numbers = []
    start = 0
    for boundary in BOUNDARIES:
        if boundary > len(text):
            break
        digest.update(text[start:boundary].encode("utf-8", "surrogatepass"))
        numbers.append(int.from_bytes(digest.digest()))
        start = boundary
    return tuple(numbers)
