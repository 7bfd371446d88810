"""Embeddings: a vector for each text, in order, as numbers or as base64."""

from __future__ import annotations

import base64
import struct
from typing import Literal

from msgspec import Struct

from antiphon.conformance.check import Check
from antiphon.conformance.reply import Reply
from antiphon.conformance.server import Body, Server
from antiphon.conformance.verdict import Failed, Lacking, expect

PATH = "/embeddings"
TEXTS = ["A fox in the snow.", "Compound interest."]
CLOSE = 1e-5
FLOAT_BYTES = 4


class Vector(Struct, frozen=True):
    """One vector."""

    index: int
    embedding: list[float]
    object: Literal["embedding"]


class VectorUsage(Struct, frozen=True):
    """Tokens of all texts together."""

    prompt_tokens: int
    total_tokens: int


class Vectors(Struct, frozen=True):
    """OpenAI's list of them."""

    object: Literal["list"]
    data: list[Vector]
    model: str
    usage: VectorUsage


class Encoded(Struct, frozen=True):
    """One vector as text."""

    embedding: str


class EncodedVectors(Struct, frozen=True):
    """The list of these."""

    data: list[Encoded]


async def _reply(server: Server, given: object, **fields: object) -> Reply:
    model = server.subject.embedding_model
    if model is None:
        raise Lacking("No model in the list makes embeddings; --embedding-model names one.")
    body: Body = {"model": model, "input": given} | fields
    return await server.good(body, PATH)


async def shape(server: Server) -> None:
    """Each text gets a vector at its index, all of one length, and the tokens are counted."""
    found = (await _reply(server, TEXTS)).read(Vectors)
    expect([one.index for one in found.data] == [0, 1], "The indexes are not 0 and 1.")
    expect(len({len(one.embedding) for one in found.data}) == 1, "The vectors have different lengths.")
    expect(found.usage.prompt_tokens > 2, f"{found.usage.prompt_tokens} tokens are counted.")


async def alone(server: Server) -> None:
    """A text alone gets the vector that it gets in a list."""
    both = (await _reply(server, TEXTS)).read(Vectors)
    one = (await _reply(server, TEXTS[1])).read(Vectors)
    pairs = zip(both.data[-1].embedding, one.data[0].embedding, strict=False)
    expect(max(abs(a - b) for a, b in pairs) < 0.05, "The vectors differ.")


async def as_base64(server: Server) -> None:
    """`encoding_format` base64 gives the same numbers as 32-bit floats."""
    numbers = (await _reply(server, TEXTS[0], encoding_format="float")).read(Vectors).data[0].embedding
    text = (await _reply(server, TEXTS[0], encoding_format="base64")).read(EncodedVectors).data[0].embedding
    try:
        octets = base64.b64decode(text, validate=True)
    except ValueError:
        raise Failed(f"It is no base64: {text[:40]!r}.") from None
    expect(len(octets) == FLOAT_BYTES * len(numbers), f"{len(octets)} bytes are not {len(numbers)} floats.")
    decoded = struct.unpack(f"<{len(numbers)}f", octets)
    expect(max(abs(a - b) for a, b in zip(decoded, numbers, strict=True)) < CLOSE, "The numbers differ.")


CHECKS = (
    Check("embeddings", shape, "OpenAI, Nugen, Adaptive", mandatory=False),
    Check("embeddings", alone, "OpenAI", mandatory=False),
    Check("embeddings", as_base64, "OpenAI, Adaptive", mandatory=False),
)
