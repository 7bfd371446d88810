"""The text that the fault engine generates: token i is a pure function of prompt, seed, choice and i.

Tests use the same functions as oracles, so a lost, doubled or foreign token shows at once. Not a tokenizer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Any

WireMessage = Mapping[str, Any]  # Any: a message as it is on the wire, any JSON
TOKENS_MAX = 100_000
CHARACTERS_A_PIECE = 4
IMAGE_TOKENS = 64

# Accents, wide scripts, combining marks, astral characters, quotes and backslashes: all that framing can break.
VOCABULARY = (
    "river stone lamp seven green walks under over the a quiet bird sings at dawn while rain falls on roofs",
    "and nobody counts hours, yet letters arrive. Once more: yes; no? café naïve Größe señor façade Žižek",
    "Ελλάδα Москва שלום سلام नमस्ते 東京 音楽 한국어 e\u0301toile 🦊 👩\u200d🚀 𝄞",
    '"quoted" it\'s back\\slash {brace} [list] <tag> &amp; 100% 3.14 line\nbreak tab\there',
)
WORDS = tuple(word for line in VOCABULARY for word in line.split(" "))


def expected_text(messages: Sequence[WireMessage], count: int, seed: int | None = None, choice: int = 0) -> str:
    """The first `count` tokens that the engine generates for these messages, a closing prefill left out."""
    return "".join(islice(text_tokens(prompt_key(messages), seed, choice), min(count, TOKENS_MAX)))


def text_tokens(key: bytes, seed: int | None, choice: int, start: int = 0) -> Iterator[str]:
    """Tokens from index `start` on, without an end; no seed is seed 0."""
    base = hashlib.blake2b(b"%b|%d|%d" % (key, seed or 0, choice), digest_size=16)
    for index in count(start):
        drawn = base.copy()
        drawn.update(b"%d" % index)
        word = WORDS[int.from_bytes(drawn.digest()[:4], "big") % len(WORDS)]
        yield f" {word}" if index else word


def prompt_key(messages: Sequence[WireMessage]) -> bytes:
    """A digest of roles and contents; how content is written (a string, parts) does not change it."""
    return hashlib.blake2b(b"".join(map(told, messages)), digest_size=16).digest()


def told(message: WireMessage) -> bytes:
    """What of a turn goes into the digest."""
    role = "system" if message.get("role") == "developer" else str(message.get("role"))
    return f"{role}\x1f{message_text(message)}\x1e".encode("utf-8", "surrogatepass")


def message_text(message: WireMessage) -> str:
    """All that a message says: its text, its images as digests, the calls it holds."""
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
    said = "".join(_part_text(part) for part in parts if isinstance(part, Mapping))
    calls = message.get("tool_calls") or ()
    return said + "".join(str(call.get("function")) for call in calls if isinstance(call, Mapping))


def _part_text(part: Mapping[str, Any]) -> str:  # Any: a content part, any JSON
    """What one content part says; an image says its digest."""
    if part.get("type") != "image_url":
        return str(part.get("text", ""))
    return f"<image {hashlib.blake2b(str(part.get('image_url')).encode(), digest_size=8).hexdigest()}>"


def count_prompt_tokens(messages: Sequence[WireMessage]) -> int:
    """How many tokens the engine says that a prompt has: its pieces, and four for each turn."""
    return sum(4 + len(split_pieces(message_text(message))) + _images(message) for message in messages)


def _images(message: WireMessage) -> int:
    """Tokens that the images of a message cost."""
    content = message.get("content")
    if not isinstance(content, list):
        return 0
    images = [part for part in content if isinstance(part, Mapping) and part.get("type") == "image_url"]
    return IMAGE_TOKENS * len(images)


def split_pieces(text: str) -> tuple[str, ...]:
    """Text cut into pieces of four characters: what a token is where the text is given (documents, prompts)."""
    return tuple(text[at : at + CHARACTERS_A_PIECE] for at in range(0, len(text), CHARACTERS_A_PIECE))


def after_prefix(tokens: Sequence[str], prefix: str) -> tuple[str, ...] | None:
    """The tokens that follow `prefix`, the first one cut where the prefix ends inside it; None if it does not fit."""
    for index, token in enumerate(tokens):
        if not prefix:
            return tuple(tokens[index:])
        if len(prefix) < len(token):
            rest = token[len(prefix) :]
            return (rest, *tokens[index + 1 :]) if token.startswith(prefix) else None
        if not prefix.startswith(token):
            return None
        prefix = prefix[len(token) :]
    return None if prefix else ()
