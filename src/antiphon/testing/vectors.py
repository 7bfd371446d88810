"""The vectors that the fault engine gives: each a pure function of its text, so that tests know them beforehand."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from typing import Any

from antiphon.testing.plan import Refusal, count_text_tokens

JSON = Any  # Any: what is read from or written to the wire, any JSON
DIMENSIONS = 8


def expected_vector(text: str | list[int]) -> list[float]:
    """The vector of a text, or of token ids: 32-bit floats, of length 1."""
    digest = hashlib.blake2b(str(text).encode(), digest_size=2 * DIMENSIONS).digest()
    drawn = [number - 32_768 + 0.5 for number in struct.unpack(f"<{DIMENSIONS}H", digest)]
    length = math.hypot(*drawn)
    packed = struct.pack(f"<{DIMENSIONS}f", *(number / length for number in drawn))
    return list(struct.unpack(f"<{DIMENSIONS}f", packed))


def embeddings(body: JSON) -> JSON:
    """The answer of `/v1/embeddings`; Refusal when the body is not for it."""
    texts = body.get("input")
    if isinstance(texts, str) or (isinstance(texts, list) and texts and isinstance(texts[0], int)):
        texts = [texts]
    if not isinstance(texts, list) or not texts or not all(texts):
        raise Refusal("input must be texts or token ids, none of them empty")
    form = _as_base64 if body.get("encoding_format") == "base64" else list
    tokens = sum(count_text_tokens(text) for text in texts)
    return {
        "object": "list",
        "model": body.get("model"),
        "data": [
            {"object": "embedding", "index": index, "embedding": form(expected_vector(text))}
            for index, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _as_base64(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
