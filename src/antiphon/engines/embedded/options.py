"""What a child process is told: how to run its model, where to listen, whose child it is."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.errors import ConfigError

CONTEXT_LENGTH_DEFAULT = 8192
EMBEDDING_CONTEXT_DEFAULT = 2048  # a text is read in one batch, whose memory grows with it
PARALLEL_DEFAULT = 4
CACHE_BYTES_MAX = 1024**3
BATCH_TOKENS = 64  # 3 % more processor time than 512, an eighth of the wait
PROMPT_CACHE_MB = 256

Pooling = Literal["mean", "cls", "last"]


class EngineOptions(Struct, frozen=True, kw_only=True):
    """How one model is run.

    `context_length` is in tokens and for each of the `parallel` requests: it is never shared, since llama.cpp ends
    every running request when a shared context is full. `batch_tokens` is how much of a prompt is read before other
    requests and cancellations are looked at. `pooling` is how the vectors of a text's tokens become one; None: the
    model generates.
    """

    model_name: str
    model_path: str
    mmproj_path: str | None = None
    chat_template_path: str | None = None
    context_length: int = CONTEXT_LENGTH_DEFAULT
    parallel: int = PARALLEL_DEFAULT
    threads: int = 1
    batch_tokens: int = BATCH_TOKENS
    prompt_cache_mb: int = PROMPT_CACHE_MB
    pooling: Pooling | None = None


class ChildDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one JSON document on a child's standard input."""

    options: EngineOptions
    socket_path: str
    api_key: str
    parent_pid: int


def pooling_of(wanted: bool | None, told: Pooling | Literal["rank"] | None) -> Pooling | None:
    """How a model pools, None when it generates: as its file says, the mean where only `wanted` makes it embed.

    ConfigError for a model that ranks texts, which is neither.
    """
    if wanted is False or (wanted is None and told is None):
        return None
    if told == "rank":
        raise ConfigError("the model ranks texts; it makes no embeddings and generates nothing")
    return told or "mean"


def context_of(wanted: int | None, trained: int | None, usual: int = CONTEXT_LENGTH_DEFAULT) -> int:
    """The context of one request, in tokens: as wanted, else the model's own up to the `usual` one.

    ConfigError when more is wanted than the model was trained for.
    """
    if wanted is None:
        return min(trained or usual, usual)
    if trained is not None and wanted > trained:
        raise ConfigError(f"context_length {wanted} is more than the {trained} tokens that the model was trained for")
    return wanted


def parallel_of(wanted: int | None, context_length: int, cache_bytes_per_token: int | None) -> int:
    """How many requests are generated at once: as wanted, else up to 4 whose contexts fit into 1 GiB together."""
    if wanted is not None:
        return wanted
    if not cache_bytes_per_token:
        return PARALLEL_DEFAULT
    fitting = CACHE_BYTES_MAX // (context_length * cache_bytes_per_token)
    return max(1, min(PARALLEL_DEFAULT, fitting))


def parallel_when_embedding(wanted: int | None) -> int:
    """Always 1: llama.cpp mixes up the vectors of texts that it reads at once. ConfigError when more is wanted."""
    if wanted not in (None, 1):
        raise ConfigError(f"parallel {wanted} is not possible with embeddings, whose texts are read one at a time")
    return 1


def threads_of(wanted: int | None, processors: int) -> int:
    """How many threads compute: as wanted, else half of the processors.

    llama.cpp's threads wait for each other by spinning, so with one thread too many, next to any other work, each
    token waits for the scheduler: on two busy processors two threads were twenty times slower than one.
    """
    return wanted if wanted is not None else max(1, processors // 2)
