"""The bytes of OpenAI's embeddings, as clients read them."""

from __future__ import annotations

import base64
import json
import struct

import pytest

from antiphon.chat import Embeddings, Usage
from antiphon.completions.dialects import Head, RequestBounds
from antiphon.completions.dialects.canonical_embeddings import id_prefix, parse, render
from antiphon.errors import BadRequest

HEAD = Head(id="embd-1", created=5, model="m", node="node-1")
BOUNDS = RequestBounds(n_max=4, messages_max=8)
VECTORS = (struct.pack("<2f", 0.5, -1.0), struct.pack("<2f", 0.25, 2.0))


def test_a_request() -> None:
    """Texts or token ids; fields that nobody knows by name."""
    request = parse(b'{"model": "m", "input": ["a", "b"], "encoding_format": "base64", "odd": 1}', {}, BOUNDS)
    assert (request.inputs, request.base64, request.ignored_fields) == (("a", "b"), True, ("odd",))
    assert parse(b'{"model": "m", "input": [1, 2]}', {}, BOUNDS).inputs == ((1, 2),)
    assert id_prefix(dria=False) == "embd-"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"model": "m"}', "input"),
        (b'{"model": "m", "input": null}', "input"),
        (b'{"model": "m", "input": {"a": 1}}', "input"),
        (b'{"model": "m", "input": "a", "encoding_format": "int8"}', "encoding_format"),
        (b'{"model": "m", "input": "a", "dimensions": 0}', "dimensions"),
        (b'{"model": "m", "input": "a", "dimensions": "3"}', "dimensions"),
    ],
)
def test_what_is_refused(body: bytes, param: str) -> None:
    """With the field at fault."""
    with pytest.raises(BadRequest) as refused:
        parse(body, {}, BOUNDS)
    assert refused.value.param == param


def test_an_answer() -> None:
    """A list of vectors, each with its place."""
    answer = json.loads(render(Embeddings(VECTORS, Usage(prompt_tokens=3)), HEAD, base64=False))
    assert answer == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]},
            {"object": "embedding", "index": 1, "embedding": [0.25, 2.0]},
        ],
        "model": "m",
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }
    texts = json.loads(render(Embeddings(VECTORS, Usage(3)), HEAD, base64=True))["data"]
    assert tuple(base64.b64decode(each["embedding"]) for each in texts) == VECTORS


def test_what_it_cost() -> None:
    """Where it is charged; a number that is exact as it is written."""
    answer = render(Embeddings(VECTORS, Usage(prompt_tokens=3, cost=1_500_001)), HEAD, base64=False)
    assert b'"total_tokens":3,"cost":1.500001}' in answer
