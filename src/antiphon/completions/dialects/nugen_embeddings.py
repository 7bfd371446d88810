"""Nugen's embeddings. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, Struct, UnsetType

from antiphon.chat import EmbeddingRequest, Embeddings
from antiphon.completions.dialects import Head, RequestBounds
from antiphon.completions.dialects.openai import embeddings as shared
from antiphon.completions.dialects.openai import request
from antiphon.completions.dialects.openai.answer import Cost, cost

RULES = request.DoorRules(name="nugen")


class EmbeddingsBody(shared.EmbeddingsBody):
    """POST /api/v3/inference/embeddings. Null means the same as absent, everywhere."""


class NugenEmbedding(shared.Embedding):
    """The vector of one input; `object` is what OpenAI's packages look for."""

    object: str | UnsetType = UNSET


class NugenEmbeddingUsage(Struct):
    """Token counts of all inputs together; with what the request cost where it is charged."""

    total_tokens: int
    prompt_tokens: int | UnsetType = UNSET
    cost: Cost | UnsetType = UNSET


class NugenEmbeddings(Struct):
    """The answer, a vector for each input in their order. Here `object` is `embedding`, as Nugen documents."""

    id: str
    object: str
    created: float
    model: str
    data: list[NugenEmbedding]
    usage: NugenEmbeddingUsage


BODY = EmbeddingsBody
ANSWER = NugenEmbeddings
_reader = request.Reader(EmbeddingsBody)


def parse(body: bytes, headers: Mapping[bytes, bytes], bounds: RequestBounds) -> EmbeddingRequest:
    """Read and check a request; BadRequest names the field and the rule."""
    wire, ignored = _reader.read(body, strict=bounds.strict_fields)
    return shared.neutral(wire, headers, ignored, bounds, RULES)


def id_prefix(*, dria: bool) -> str:
    """How the ids of answers begin."""
    return "nugen-"


def render(embeddings: Embeddings, head: Head, *, base64: bool) -> bytes:
    """The answer as JSON bytes."""
    tokens = embeddings.usage.prompt_tokens
    data = [NugenEmbedding(one.index, one.embedding) for one in shared.shown(embeddings, base64=base64)]
    usage = NugenEmbeddingUsage(tokens)
    if embeddings.usage.cost is not None:
        usage.cost = cost(embeddings.usage.cost)
    if not head.exact:
        usage.prompt_tokens = tokens
        for one in data:
            one.object = "embedding"
    return msgspec.json.encode(NugenEmbeddings(head.id, "embedding", float(head.created), head.model, data, usage))
