"""The doors: which published APIs are served, under which addresses, in which dialect, with which errors.

A further dialect is one module in `dialects/` and one row here.
"""

from __future__ import annotations

from msgspec import Struct

from antiphon.completions.dialects import (
    Dialect,
    EmbeddingDialect,
    adaptive,
    adaptive_embeddings,
    adaptive_text,
    canonical,
    canonical_embeddings,
    canonical_text,
    nugen,
    nugen_embeddings,
    nugen_text,
)
from antiphon.http.errors import ErrorShape


class Door(Struct, frozen=True):
    """One published API; `prefix` is what its addresses begin with. Not every one has `text` and `embeddings`."""

    name: str
    title: str
    prefix: str
    dialect: Dialect
    errors: ErrorShape
    text: Dialect | None = None
    embeddings: EmbeddingDialect | None = None


DOORS = (
    Door("v1", "OpenAI, Dria, DMind", "/v1", canonical, "openai", canonical_text, canonical_embeddings),
    Door("nugen", "Nugen", "/api/v3/inference", nugen, "detail", nugen_text, nugen_embeddings),
    Door("adaptive", "Adaptive Engine", "/api/v1", adaptive, "error", adaptive_text, adaptive_embeddings),
)
