"""A text of a GBNF grammar, the same for the same grammar and key: what an engine that is bound by it would write.

Each character depends on the key and on the whole text in front of it, a prefix included. So an engine that is told
the beginning of such a text, and the grammar of the rest, writes exactly the rest.
"""

from __future__ import annotations

import hashlib

from antiphon.structured.gbnf_reader import Rules
from antiphon.structured.stacks import Stacks

ALPHABET = '"}],:{[0123456789etrufalsn_- \n<>/abcdghijkmopqvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZé東🦊.|+\\'
CLOSING = '"}]\n'
LOOSE_CHARACTERS = 24  # of a text; behind them whatever can be closed is
CHARACTERS_MAX = 4_096


def grammar_text(grammar: str, key: bytes, prefix: str = "") -> str:
    """`prefix` and a text of the grammar behind it; it may be cut short where the grammar asks for odd characters."""
    stacks = Stacks(Rules(grammar), param="grammar")
    written, base = "", hashlib.blake2b(key + prefix.encode("utf-8", "surrogatepass"), digest_size=8)
    while len(prefix) + len(written) < CHARACTERS_MAX:
        drawn = int.from_bytes(base.digest(), "big")
        closes = len(prefix) + len(written) >= LOOSE_CHARACTERS
        if 0 in stacks.after(written) and (closes or drawn % 4 == 0):
            break
        allowed = stacks.following(written, ALPHABET)
        if not allowed:
            break
        closing = [char for char in CLOSING if char in allowed] if closes else []
        found = closing[0] if closing else allowed[drawn % len(allowed)]
        written += found
        base.update(found.encode())
    return prefix + written
