"""The canonical door's embeddings: OpenAI's `/v1/embeddings`. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, Struct, UnsetType

from antiphon.chat import EmbeddingRequest, Embeddings
from antiphon.completions.dialects import Head, RequestBounds
from antiphon.completions.dialects.openai import embeddings as shared
from antiphon.completions.dialects.openai import request
from antiphon.completions.dialects.openai.answer import Cost, cost

RULES = request.DoorRules()


class EmbeddingsBody(shared.EmbeddingsBody):
    """POST /v1/embeddings. Null means the same as absent, everywhere."""


class WireEmbedding(shared.Embedding):
    """The vector of one input."""

    object: str = "embedding"


class EmbeddingUsage(Struct):
    """Token counts of all inputs together; with what the request cost where it is charged."""

    prompt_tokens: int
    total_tokens: int
    cost: Cost | UnsetType = UNSET


class WireEmbeddings(Struct):
    """The answer, a vector for each input in their order."""

    object: str
    data: list[WireEmbedding]
    model: str
    usage: EmbeddingUsage


BODY = EmbeddingsBody
ANSWER = WireEmbeddings
_reader = request.Reader(EmbeddingsBody)


def parse(body: bytes, headers: Mapping[bytes, bytes], bounds: RequestBounds) -> EmbeddingRequest:
    """Read and check a request; BadRequest names the field and the rule."""
    wire, ignored = _reader.read(body, strict=bounds.strict_fields)
    return shared.neutral(wire, headers, ignored, bounds, RULES)


def id_prefix(*, dria: bool) -> str:
    """How the ids of answers begin; here they are not shown."""
    return "embd-"


def render(embeddings: Embeddings, head: Head, *, base64: bool) -> bytes:
    """The answer as JSON bytes."""
    data = [WireEmbedding(one.index, one.embedding) for one in shared.shown(embeddings, base64=base64)]
    usage = EmbeddingUsage(embeddings.usage.prompt_tokens, embeddings.usage.prompt_tokens)
    if embeddings.usage.cost is not None:
        usage.cost = cost(embeddings.usage.cost)
    return msgspec.json.encode(WireEmbeddings("list", data, head.model, usage))
