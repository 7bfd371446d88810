"""Adaptive Engine's embeddings. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, Struct, UnsetType

from antiphon.chat import EmbeddingRequest, Embeddings
from antiphon.completions.dialects import Head, RequestBounds
from antiphon.completions.dialects.openai import embeddings as shared
from antiphon.completions.dialects.openai import request
from antiphon.completions.dialects.openai.answer import Cost, cost
from antiphon.completions.dialects.openai.fields import Uuid

RULES = request.DoorRules(name="adaptive", project_first=True)


class EmbeddingsBody(shared.EmbeddingsBody):
    """POST /api/v1/embeddings. Null means the same as absent, everywhere."""

    session_id: Uuid | None = None
    user: Uuid | None = None


class AdaptiveEmbedding(shared.Embedding):
    """The vector of one input; `object` is what OpenAI's packages look for."""

    object: str | UnsetType = UNSET


class AdaptiveEmbeddingUsage(Struct):
    """Token counts of all inputs together; Adaptive's client asks for `completion_tokens` here too.

    With what the request cost where it is charged.
    """

    prompt_tokens: int
    total_tokens: int
    completion_tokens: int = 0
    cost: Cost | UnsetType = UNSET


class AdaptiveEmbeddings(Struct):
    """The answer, a vector for each input in their order."""

    data: list[AdaptiveEmbedding]
    usage: AdaptiveEmbeddingUsage
    object: str | UnsetType = UNSET
    model: str | UnsetType = UNSET


BODY = EmbeddingsBody
ANSWER = AdaptiveEmbeddings
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
    tokens = embeddings.usage.prompt_tokens
    data = [AdaptiveEmbedding(one.index, one.embedding) for one in shared.shown(embeddings, base64=base64)]
    usage = AdaptiveEmbeddingUsage(tokens, tokens)
    if embeddings.usage.cost is not None:
        usage.cost = cost(embeddings.usage.cost)
    wire = AdaptiveEmbeddings(data, usage)
    if not head.exact:
        wire.object, wire.model = "list", head.model
        for one in data:
            one.object = "embedding"
    return msgspec.json.encode(wire)
