"""A request for embeddings as every door that has them takes it, and the vectors of its answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from antiphon.chat import EmbeddingRequest, Embeddings
from antiphon.completions.dialects import RequestBounds
from antiphon.completions.dialects.openai.fields import Tokens
from antiphon.completions.dialects.openai.prompts import Prompts, prompts
from antiphon.completions.dialects.openai.request import DoorRules, SessionId, session_id
from antiphon.completions.vectors import base64_text, numbers
from antiphon.http.decode import whole


class EmbeddingsBody(Struct, kw_only=True):
    """The fields of a request for embeddings. Null means the same as absent, everywhere."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    input: Prompts
    encoding_format: Literal["float", "base64", "Float", "Base64"] | None = None
    dimensions: Tokens = None
    user: Annotated[str, Meta(max_length=512)] | None = None
    session_id: SessionId | None = None
    timeout_secs: Annotated[float, Meta(gt=0)] | None = None


class Embedding(Struct):
    """The vector of one input: numbers, or base64 of little-endian 32-bit floats."""

    index: int
    embedding: tuple[float, ...] | str


def neutral(
    wire: EmbeddingsBody,
    headers: Mapping[bytes, bytes],
    ignored: tuple[str, ...],
    bounds: RequestBounds,
    rules: DoorRules,
) -> EmbeddingRequest:
    """The request that a body means; BadRequest names the field and the rule."""
    return EmbeddingRequest(
        model=wire.model,
        inputs=prompts(wire.input, "input", bounds.inputs_max),
        dimensions=whole(wire.dimensions, "dimensions") or None,
        base64=wire.encoding_format in ("base64", "Base64"),
        timeout_s=wire.timeout_secs,
        door=rules.name,
        project_first=rules.project_first,
        user=wire.user,
        session_id=session_id(headers, wire.session_id),
        ignored_fields=ignored,
    )


def shown(embeddings: Embeddings, *, base64: bool) -> list[Embedding]:
    """The vectors in the form that was asked for."""
    form = base64_text if base64 else numbers
    return [Embedding(index, form(vector)) for index, vector in enumerate(embeddings.vectors)]
