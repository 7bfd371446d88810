"""What a child process is told: how to run its model, where to listen, whose child it is."""

from __future__ import annotations

from msgspec import Struct

from antiphon.errors import ConfigError

CONTEXT_LENGTH_DEFAULT = 8192
PARALLEL_DEFAULT = 4
CACHE_BYTES_MAX = 1024**3
BATCH_TOKENS = 64  # 3 % more processor time than 512, an eighth of the wait
PROMPT_CACHE_MB = 256


class EngineOptions(Struct, frozen=True, kw_only=True):
    """How one model is run.

    `context_length` is in tokens and for each of the `parallel` requests: it is never shared, since llama.cpp ends
    every running request when a shared context is full. `batch_tokens` is how much of a prompt is read before other
    requests and cancellations are looked at.
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


class ChildDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one JSON document on a child's standard input."""

    options: EngineOptions
    socket_path: str
    api_key: str
    parent_pid: int


def context_of(wanted: int | None, trained: int | None) -> int:
    """The context of one request, in tokens: as wanted, else the model's own up to 8,192.

    ConfigError when more is wanted than the model was trained for.
    """
    if wanted is None:
        return min(trained or CONTEXT_LENGTH_DEFAULT, CONTEXT_LENGTH_DEFAULT)
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


def threads_of(wanted: int | None, processors: int) -> int:
    """How many threads compute: as wanted, else half of the processors.

    llama.cpp's threads wait for each other by spinning, so with one thread too many, next to any other work, each
    token waits for the scheduler: on two busy processors two threads were twenty times slower than one.
    """
    return wanted if wanted is not None else max(1, processors // 2)
