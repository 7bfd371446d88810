"""Embeddings on the wire: bodies, and answers as vectors of 32-bit floats in the order of their inputs."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from antiphon.chat import Usage
from antiphon.engines import embedding_wire
from antiphon.engines.kinds import kind
from antiphon.errors import EngineFailed

ONE = struct.pack("<3f", 0.5, -0.25, 1.0)
TWO = struct.pack("<3f", 0.0, 2.0, -1.0)


def answer(*data: dict[str, Any], **fields: Any) -> bytes:  # Any: JSON of the wire
    """An engine's answer."""
    return json.dumps({"object": "list", "data": data, **fields}).encode()


@pytest.mark.parametrize(("name", "form"), [("llama.cpp", "base64"), ("vllm", "base64"), ("ollama", "float")])
def test_the_form_is_the_kinds(name: str, form: str) -> None:
    """Base64 where the engine knows it; texts and token ids side by side."""
    body = json.loads(embedding_wire.encode("m", ("a", (1, 2)), kind(name)))
    assert body == {"model": "m", "input": ["a", [1, 2]], "encoding_format": form}


def test_numbers_and_base64_are_the_same_vector() -> None:
    """Whatever was asked for, both are understood."""
    numbers = answer({"index": 0, "embedding": [0.5, -0.25, 1]}, usage={"prompt_tokens": 4, "total_tokens": 4})
    text = answer({"index": 0, "embedding": base64.b64encode(ONE).decode()}, usage={"prompt_tokens": 4})
    assert embedding_wire.decode(numbers, 1) == embedding_wire.decode(text, 1) == ((ONE,), Usage(4))


def test_vectors_are_put_in_the_order_of_inputs() -> None:
    """By their index, else by their place."""
    one, two = ({"embedding": list(struct.unpack("<3f", vector))} for vector in (ONE, TWO))
    assert embedding_wire.decode(answer(two | {"index": 1}, one | {"index": 0}), 2)[0] == (ONE, TWO)
    assert embedding_wire.decode(answer(one, two), 2)[0] == (ONE, TWO)


@pytest.mark.parametrize(
    "data",
    [
        [],
        [{"embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}],
        [{"index": 1, "embedding": [1.0]}, {"index": 2, "embedding": [1.0]}],
        [{"embedding": [1.0]}, {"embedding": [1.0]}, {"embedding": [1.0]}],
        [{"embedding": [1.0]}, {"embedding": [1.0, 2.0]}],
        [{"embedding": []}, {"embedding": []}],
        [{"embedding": "AAAA"}, {"embedding": "AAAA"}],
        [{"embedding": "not base64!"}, {"embedding": "AACAPw=="}],
        [{"embedding": "AADAfw=="}, {"embedding": "AACAPw=="}],
        [{"embedding": [1e300]}, {"embedding": [1.0]}],
        [{"embedding": None}, {"embedding": [1.0]}],
        [{"embedding": [[1.0]]}, {"embedding": [[1.0]]}],
    ],
)
def test_what_does_not_fit_the_inputs_is_a_failure(data: list[dict[str, Any]]) -> None:
    """Too few, too many, another place, another length, no numbers: never a wrong vector for a text."""
    with pytest.raises(EngineFailed):
        embedding_wire.decode(answer(*data), 2)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff", b'{"error": {"message": "dead"}}', b"[" * 5000])
def test_what_is_no_answer_is_a_failure(body: bytes) -> None:
    """Whatever it is instead."""
    with pytest.raises(EngineFailed):
        embedding_wire.decode(body, 1)
