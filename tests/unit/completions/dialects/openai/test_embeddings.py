"""What a body for embeddings means, and its vectors in both forms."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any  # a body is plain JSON

import msgspec
import pytest

from antiphon.chat import EmbeddingRequest, Embeddings, Usage
from antiphon.completions.dialects import RequestBounds
from antiphon.completions.dialects.openai.embeddings import EmbeddingsBody, neutral, shown
from antiphon.completions.dialects.openai.request import DoorRules
from antiphon.errors import BadRequest

NONE: Mapping[bytes, bytes] = MappingProxyType({})
BOUNDS = RequestBounds(n_max=4, messages_max=8, inputs_max=3)
VECTORS = Embeddings((struct.pack("<2f", 0.5, -1.0), struct.pack("<2f", 0.25, 2.0)), Usage(3))


def meant(rules: DoorRules = DoorRules(), headers: Mapping[bytes, bytes] = NONE, /, **fields: Any) -> EmbeddingRequest:
    """What a body with these fields means."""
    wire = msgspec.convert({"model": "m", "input": "Hi"} | fields, EmbeddingsBody)
    return neutral(wire, headers, ("odd",), BOUNDS, rules)


def test_the_shortest_request() -> None:
    """Numbers, all of them."""
    assert meant() == EmbeddingRequest("m", ("Hi",), ignored_fields=("odd",))


def test_all_fields() -> None:
    """Each reaches its neutral word; the session may be named in a header."""
    rules = DoorRules(name="other", project_first=True)
    request = meant(
        rules,
        {b"x-session-id": b"s-1"},
        input=[[1, 2], [3]],
        dimensions=4.0,
        user="u",
        timeout_secs=5,
        encoding_format="base64",
    )
    assert request == EmbeddingRequest(
        "m", ((1, 2), (3,)), dimensions=4, base64=True, timeout_s=5, door="other", project_first=True, user="u",
        session_id="s-1", ignored_fields=("odd",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "base64"), [(None, False), ("float", False), ("Float", False), ("base64", True), ("Base64", True)]
)
def test_either_vendor_s_spelling(word: str | None, base64: bool) -> None:
    """OpenAI writes them small, Adaptive with a capital."""
    assert meant(encoding_format=word).base64 is base64


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"input": list("abcd")}, "input"),
        ({"dimensions": 1.5}, "dimensions"),
    ],
)
def test_what_is_refused(fields: dict[str, Any], param: str) -> None:
    """The field is named."""
    with pytest.raises(BadRequest) as refused:
        meant(**fields)
    assert refused.value.param == param


def test_vectors_are_shown_as_asked() -> None:
    """As numbers, or as base64 of the same."""
    plain = shown(VECTORS, base64=False)
    assert [(one.index, one.embedding) for one in plain] == [(0, (0.5, -1.0)), (1, (0.25, 2.0))]
    texts = [base64.b64decode(str(one.embedding)) for one in shown(VECTORS, base64=True)]
    assert tuple(texts) == VECTORS.vectors
