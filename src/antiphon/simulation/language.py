"""What simulated nodes say: the answer to a prompt is a pure function of it, so that each byte of it can be checked.

Not a tokenizer: a token of an answer is a word of the vocabulary, a token of a prompt four bytes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from statistics import NormalDist

from msgspec import Struct

from antiphon.chat import Delta, FinishReason, Message, Sampling

PROMPT_TOKEN_BYTES = 4
TURN_TOKENS = 4
BLOCK_BYTES = 512
BLOCK_TOKENS = BLOCK_BYTES // PROMPT_TOKEN_BYTES
# 256 words, one for each byte: accents, wide scripts, astral characters, quotes; no word begins with another one.
SYLLABLES = ("ba", "çe", "di", "fo", "gü", "ha", "ké", "li", "mo", "ñu", "pa", "re", "ší", "to", "東", "🦊")
WORDS = tuple(f" {first}{last}" for first in SYLLABLES for last in SYLLABLES)
DELTAS = tuple(Delta(content=word) for word in WORDS)  # frozen, so that one of each word is enough
OPENING, CLOSING = Delta(content='{"said": "'), Delta(content='"}')


class Answer(Struct, frozen=True):
    """What a node says to a prompt: its deltas without the finishing one, and why it ends.

    `begun` is how many tokens of the whole answer were said before.
    """

    deltas: list[Delta]
    finish_reason: FinishReason
    begun: int = 0

    @property
    def text(self) -> str:
        """All of it."""
        return "".join([delta.content for delta in self.deltas])


class Language(Struct, frozen=True):
    """How long answers are: a log-normal distribution, cut at both ends."""

    tokens_median: float = 120.0
    spread: float = 0.8
    tokens_max: int = 2000

    @property
    def tokens_mean(self) -> float:
        """The mean length, but for the cuts."""
        return self.tokens_median * math.exp(self.spread**2 / 2)

    def answer(
        self, messages: Sequence[Message], sampling: Sampling, *, choice: int = 0, document: bool = False
    ) -> Answer:
        """The answer to these turns; a closing assistant turn is taken for its beginning, and left out of it.

        `choice` adds to the seed. A `document` is JSON with the words in it.
        """
        prompt, begun = split(messages)
        whole = self._whole(prompt_key(prompt, (sampling.seed or 0) + choice), document=document)
        skipped = begun_tokens(whole, begun)
        left = whole[skipped:]
        most = len(left) + 1 if sampling.max_tokens is None else sampling.max_tokens
        # An answer whose last token is the limit's does not show that it has ended.
        finish: FinishReason = "stop" if len(left) < most else "length"
        deltas = left[:most]
        if sampling.stop:
            at = "".join([delta.content for delta in deltas]).find(sampling.stop[0])
            if at >= 0:
                return Answer(_until(deltas, at), "stop", skipped)
        return Answer(deltas, finish, skipped)

    def _whole(self, key: bytes, *, document: bool) -> list[Delta]:
        words = [DELTAS[byte] for byte in hashlib.shake_128(key).digest(self.length(key))]
        return [OPENING, *words, CLOSING] if document else words

    def length(self, key: bytes) -> int:
        """How many tokens the answer has that nothing cuts."""
        drawn = int.from_bytes(hashlib.blake2b(key, digest_size=4, person=b"length").digest()) + 1
        deviations = NormalDist().inv_cdf(drawn / (2**32 + 1))
        return max(1, min(self.tokens_max, round(self.tokens_median * math.exp(self.spread * deviations))))


def split(messages: Sequence[Message]) -> tuple[Sequence[Message], str]:
    """The prompt, and the beginning of an answer that a closing assistant turn is."""
    last = messages[-1]
    return (messages[:-1], last.text) if last.role == "assistant" else (messages, "")


def prompt_key(prompt: Sequence[Message], seed: int) -> bytes:
    """A digest of roles, texts and the seed."""
    return hashlib.blake2b(b"%d|%b" % (seed, written(prompt)), digest_size=16).digest()


def begun_tokens(whole: Sequence[Delta], begun: str) -> int:
    """How many tokens of an answer a beginning has; one that is not this answer's is all foreign, and has none."""
    size = 0
    for count, delta in enumerate(whole):
        if size == len(begun):
            return count
        if not begun.startswith(delta.content, size):
            return 0
        size += len(delta.content)
    return len(whole) if size == len(begun) else 0


def written(messages: Sequence[Message]) -> bytes:
    """Turns as a node's template writes them."""
    return "".join([f"\x1f{turn.role}\x1e{turn.text}" for turn in messages]).encode()


def prompt_tokens(prompt: bytes, turns: int) -> int:
    """How many tokens a written prompt has."""
    return len(prompt) // PROMPT_TOKEN_BYTES + TURN_TOKENS * turns


def blocks(prompt: bytes) -> list[bytes]:
    """A digest for each whole block of a prompt, of all that stands up to its end."""
    digest = hashlib.blake2b(digest_size=8)
    found = []
    for start in range(0, len(prompt) - BLOCK_BYTES + 1, BLOCK_BYTES):
        digest.update(prompt[start : start + BLOCK_BYTES])
        found.append(digest.digest())
    return found


def _until(deltas: list[Delta], size: int) -> list[Delta]:
    """The deltas of the first `size` characters, the last one cut."""
    kept = []
    for delta in deltas:
        if size <= 0:
            break
        kept.append(delta if len(delta.content) <= size else Delta(content=delta.content[:size]))
        size -= len(delta.content)
    return kept
