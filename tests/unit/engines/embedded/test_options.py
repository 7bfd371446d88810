"""What is chosen when nothing is said: context, requests at once, threads."""

from __future__ import annotations

import msgspec
import pytest

from antiphon.engines.embedded.options import (
    CACHE_BYTES_MAX,
    ChildDocument,
    EngineOptions,
    context_of,
    parallel_of,
    threads_of,
)
from antiphon.errors import ConfigError


@pytest.mark.parametrize(
    ("wanted", "trained", "context"),
    [
        (None, 2048, 2048),
        (None, 131_072, 8192),  # more costs memory that few requests use
        (None, None, 8192),
        (4096, 8192, 4096),
        (32_768, 131_072, 32_768),
        (32_768, None, 32_768),
    ],
)
def test_context(wanted: int | None, trained: int | None, context: int) -> None:
    """The model's own context up to 8,192 tokens, unless another was asked for."""
    assert context_of(wanted, trained) == context


def test_more_context_than_trained_is_refused() -> None:
    """The sentence names the field and the limit."""
    with pytest.raises(ConfigError, match=r"context_length 9000 .* 8192 tokens"):
        context_of(9000, 8192)


@pytest.mark.parametrize(
    ("wanted", "bytes_per_token", "parallel"),
    [
        (None, 23_040, 4),  # SmolLM2-135M: 188 MB for each
        (None, 131_072, 1),  # an 8B model: 1 GiB for each
        (None, CACHE_BYTES_MAX, 1),
        (None, None, 4),
        (7, 131_072, 7),
    ],
)
def test_requests_at_once(wanted: int | None, bytes_per_token: int | None, parallel: int) -> None:
    """As many full contexts as fit into the cache's limit, at least one, at most four."""
    assert parallel_of(wanted, 8192, bytes_per_token) == parallel


@pytest.mark.parametrize(("wanted", "processors", "threads"), [(None, 1, 1), (None, 2, 1), (None, 8, 4), (3, 2, 3)])
def test_threads(wanted: int | None, processors: int, threads: int) -> None:
    """Half of the processors: threads that wait for a processor make all others wait."""
    assert threads_of(wanted, processors) == threads


def test_a_document_survives_the_pipe() -> None:
    """What the supervisor encodes is what the child decodes."""
    document = ChildDocument(
        options=EngineOptions(model_name="m", model_path="/m.gguf"), socket_path="/s", api_key="k", parent_pid=1
    )
    assert msgspec.json.decode(msgspec.json.encode(document), type=ChildDocument) == document
