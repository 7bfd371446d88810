"""Nugen's embeddings: rules, and the bytes of answers."""

from __future__ import annotations

import struct

from antiphon.chat import Embeddings, Usage
from antiphon.completions.dialects import Head, RequestBounds, nugen_embeddings

HEAD = Head(id="nugen-1", created=5, model="m")
EXACT = Head(id="nugen-1", created=5, model="m", exact=True)
MADE = Embeddings((struct.pack("<2f", 0.5, -1.0),), Usage(prompt_tokens=3))
START = b'{"id":"nugen-1","object":"embedding","created":5.0,"model":"m","data":['


def test_a_request() -> None:
    """A text or several; null dimensions are the model's own."""
    request = nugen_embeddings.parse(b'{"model":"m","input":["a","b"],"dimensions":null}', {}, RequestBounds(4, 3))
    assert (request.inputs, request.dimensions, request.base64, request.door) == (("a", "b"), None, False, "nugen")


def test_answers() -> None:
    """`object` says `embedding` here; OpenAI's fields stand beside the documented ones, unless they are not wanted."""
    exact = nugen_embeddings.render(MADE, EXACT, base64=False)
    assert exact == START + b'{"index":0,"embedding":[0.5,-1.0]}],"usage":{"total_tokens":3}}'
    shown = nugen_embeddings.render(MADE, HEAD, base64=False)
    entry = b'{"index":0,"embedding":[0.5,-1.0],"object":"embedding"}'
    assert shown == START + entry + b'],"usage":{"total_tokens":3,"prompt_tokens":3}}'


def test_what_it_cost() -> None:
    """Where it is charged; a number that is exact as it is written."""
    made = Embeddings(MADE.vectors, Usage(prompt_tokens=3, cost=2))
    assert nugen_embeddings.render(made, HEAD, base64=False).endswith(b'"prompt_tokens":3,"cost":0.000002}}')
