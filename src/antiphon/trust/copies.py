"""Answers that were seen not long ago, so that one which is given again to another prompt is found. No I/O.

Only texts of some length count: two honest answers may well both be "Yes."
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

WORDS_MIN = 12
HEAD_WORDS = 24  # a text that begins like another for so long is taken for the same
ANSWERS_MAX = 20_000  # digests, of all nodes together


class Copies:
    """Which texts were given to which prompts, by digests; the oldest are forgotten."""

    def __init__(self, *, answers_max: int = ANSWERS_MAX) -> None:
        self._answers: OrderedDict[bytes, bytes] = OrderedDict()
        self._answers_max = answers_max

    def repeats(self, node: str, prompt_sha256: str, text: str) -> bool | None:
        """Whether the node gave that text to another prompt before; None where the text is too short to tell."""
        words = text.split()
        if len(words) < WORDS_MIN:
            return None
        head = " ".join(words[:HEAD_WORDS]).casefold()
        answer = hashlib.blake2b(f"{node}\0{head}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
        asked = prompt_sha256.encode()
        first = self._answers.setdefault(answer, asked)
        self._answers.move_to_end(answer)
        if len(self._answers) > self._answers_max:
            self._answers.popitem(last=False)
        return first != asked
