"""Whether a model fits a machine: its weights, and the memory of all requests that it serves at once. Pure."""

from __future__ import annotations

from msgspec import Struct

from antiphon.engines.embedded.options import (
    CONTEXT_LENGTH_DEFAULT,
    EMBEDDING_CONTEXT_DEFAULT,
    context_of,
    parallel_of,
    pooling_of,
)
from antiphon.modelfiles.gguf import Metadata

RESERVE_BYTES = 192 * 1024**2  # what the program itself takes, and what computing takes besides
GIB = 1024**3


class Wanted(Struct, frozen=True):
    """A model to be run here, and what its settings say of it."""

    name: str
    size_bytes: int
    metadata: Metadata
    context_length: int | None = None
    parallel: int | None = None
    embeddings: bool | None = None


def needed_bytes(wanted: Wanted) -> int:
    """The memory that a model takes while it serves; ConfigError for settings that it cannot have at all."""
    metadata = wanted.metadata
    embeds = pooling_of(wanted.embeddings, metadata.pooling) is not None
    usual = EMBEDDING_CONTEXT_DEFAULT if embeds else CONTEXT_LENGTH_DEFAULT
    context = context_of(wanted.context_length, metadata.context_length, usual)
    parallel = 1 if embeds else parallel_of(wanted.parallel, context, metadata.cache_bytes_per_token)
    return wanted.size_bytes + RESERVE_BYTES + context * parallel * (metadata.cache_bytes_per_token or 0)


def fit_fault(wanted: Wanted, memory_bytes: int | None) -> str | None:
    """Why a model does not fit into the memory that is left, and what to do; None when it fits, or nobody can tell."""
    needed = needed_bytes(wanted)
    if memory_bytes is None or needed <= memory_bytes:
        return None
    return (
        f"{wanted.name} takes about {needed / GIB:.1f} GiB here, and {max(0, memory_bytes) / GIB:.1f} GiB are free: "
        "choose a smaller model or quantisation, or less with --context-length and --slots"
    )
