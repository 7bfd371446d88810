"""The OpenAI wire of embeddings: texts to a request body, answer bytes to vectors. Pure."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from typing import Literal

import msgspec
from msgspec import Struct, field

from antiphon.chat import Prompt, Usage, Vector
from antiphon.engines.frame import Frame, read, usage_of
from antiphon.engines.kinds import EngineKind
from antiphon.errors import EngineFailed

FLOAT_BYTES = 4


class EmbeddingBody(Struct):
    """What is sent."""

    model: str
    input: tuple[Prompt, ...]
    encoding_format: Literal["float", "base64"]


class _Item(Struct):
    embedding: str | list[float]
    index: int | None = None


class _Answer(Frame):
    data: list[_Item] = field(default_factory=list)


_decoder = msgspec.json.Decoder(_Answer)


def encode(model: str, inputs: tuple[Prompt, ...], kind: EngineKind) -> bytes:
    """The request body; as base64, which is a third of the size, where `kind` knows it."""
    return msgspec.json.encode(EmbeddingBody(model, inputs, "base64" if kind.base64_vectors else "float"))


def decode(payload: bytes, count: int) -> tuple[tuple[Vector, ...], Usage]:
    """`count` vectors in the order of their inputs; EngineFailed for anything else."""
    answer = read(_decoder, payload)
    found: dict[int, Vector] = {}
    for place, item in enumerate(answer.data):
        found[place if item.index is None else item.index] = _vector(item.embedding)
    if set(found) != set(range(count)):
        raise EngineFailed(f"The engine answered {len(answer.data)} embeddings for {count} inputs.")
    vectors = tuple(found[place] for place in range(count))
    if len({len(vector) for vector in vectors}) > 1:
        raise EngineFailed("The engine's embeddings differ in length.")
    return vectors, usage_of(answer) or Usage()


def _vector(embedding: str | list[float]) -> Vector:
    """The floats as bytes, all of them finite."""
    try:
        if isinstance(embedding, str):
            data = base64.b64decode(embedding, validate=True)
            numbers: tuple[float, ...] | list[float] = struct.unpack(f"<{len(data) // FLOAT_BYTES}f", data)
        else:
            numbers = embedding
            data = struct.pack(f"<{len(numbers)}f", *numbers)
    except (binascii.Error, struct.error, OverflowError, ValueError) as error:
        raise EngineFailed("The engine's embedding is no list of 32-bit floats.") from error
    if not data or not math.isfinite(sum(numbers)):
        raise EngineFailed("The engine's embedding holds values that are no numbers.")
    return data
