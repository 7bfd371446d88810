"""Finds in a text that closes a conversation what of it is the engine's own: it goes on there as if it never stopped.

A client's own words may stand in front of it, so each place is tried where the engine may have begun. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from antiphon.testing.text import WireMessage, text_tokens, told

CHARACTERS_MAX = 8_192  # of a text that is searched


def begun_at(earlier: Sequence[WireMessage], role: str, text: str, seed: int | None, choice: int) -> int | None:
    """Where in `text`, a turn behind `earlier`, the engine began to write; None where it wrote nothing of it.

    At least one token of it must be whole. The first place counts: what the engine wrote is as long as can be.
    """
    if len(text) > CHARACTERS_MAX:
        return None
    for at, key in _keys(earlier, role, text):
        if at and _is_beginning(text[at:], key, seed, choice):
            return at
    return None


def _keys(earlier: Sequence[WireMessage], role: str, text: str) -> Iterator[tuple[int, bytes]]:
    """The key of each beginning of the text, which is what its engine would have been asked."""
    digest = hashlib.blake2b(b"".join(map(told, earlier)) + f"{role}\x1f".encode(), digest_size=16)
    for at, char in enumerate(text):
        whole = digest.copy()
        whole.update(b"\x1e")
        yield at, whole.digest()
        digest.update(char.encode("utf-8", "surrogatepass"))


def _is_beginning(text: str, key: bytes, seed: int | None, choice: int) -> bool:
    """Whether the engine's tokens begin with this text, the first one whole."""
    tokens = text_tokens(key, seed, choice)
    first = next(tokens)
    if not text.startswith(first):
        return False
    left = text[len(first) :]
    while left:
        token = next(tokens)
        if not (left.startswith(token) or token.startswith(left)):
            return False
        left = left[len(token) :]
    return True
