"""Adaptive's embeddings: rules, and the bytes of answers."""

from __future__ import annotations

import struct

import pytest

from antiphon.chat import Embeddings, Usage
from antiphon.completions.dialects import Head, RequestBounds, adaptive_embeddings
from antiphon.errors import BadRequest

HEAD = Head(id="embd-1", created=5, model="m")
EXACT = Head(id="embd-1", created=5, model="m", exact=True)
MADE = Embeddings((struct.pack("<2f", 0.5, -1.0),), Usage(prompt_tokens=3))


def test_a_request() -> None:
    """Formats begin with a capital here; users and sessions are UUIDs, and projects come first."""
    body = b'{"model":"p","input":"a","encoding_format":"Base64"}'
    request = adaptive_embeddings.parse(body, {}, RequestBounds(4, 3))
    assert (request.base64, request.project_first, request.door) == (True, True, "adaptive")
    with pytest.raises(BadRequest, match="user"):
        adaptive_embeddings.parse(b'{"model":"p","input":"a","user":"me"}', {}, RequestBounds(4, 3))


def test_answers() -> None:
    """Vectors as numbers or as base64 of 32-bit floats; OpenAI's fields unless they are not wanted."""
    exact = adaptive_embeddings.render(MADE, EXACT, base64=False)
    usage = b'"usage":{"prompt_tokens":3,"total_tokens":3,"completion_tokens":0}'
    assert exact == b'{"data":[{"index":0,"embedding":[0.5,-1.0]}],' + usage + b"}"
    shown = adaptive_embeddings.render(MADE, HEAD, base64=True)
    entry = b'{"data":[{"index":0,"embedding":"AAAAPwAAgL8=","object":"embedding"}],'
    assert shown == entry + usage + b',"object":"list","model":"m"}'


def test_what_it_cost() -> None:
    """Where it is charged; a number that is exact as it is written."""
    made = Embeddings(MADE.vectors, Usage(prompt_tokens=3, cost=2_000_000))
    assert b'"completion_tokens":0,"cost":2}' in adaptive_embeddings.render(made, HEAD, base64=False)
