"""What is chosen when nothing is said: context, requests at once, threads."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest

from antiphon.engines.embedded.options import (
    CACHE_BYTES_MAX,
    EMBEDDING_CONTEXT_DEFAULT,
    ChildDocument,
    EngineOptions,
    Pooling,
    context_of,
    parallel_of,
    parallel_when_embedding,
    pooling_of,
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


@pytest.mark.parametrize(
    ("wanted", "told", "pooling"),
    [
        (None, None, None),
        (None, "cls", "cls"),
        (True, None, "mean"),
        (True, "last", "last"),
        (False, "mean", None),
        (False, "rank", None),
    ],
)
def test_pooling(wanted: bool | None, told: Pooling | Literal["rank"] | None, pooling: Pooling | None) -> None:
    """As the file says, unless the operator makes it embed or generate."""
    assert pooling_of(wanted, told) == pooling


def test_a_model_that_ranks_is_refused() -> None:
    """It would answer nothing that anybody can ask for here."""
    with pytest.raises(ConfigError, match="ranks texts"):
        pooling_of(None, "rank")


def test_texts_are_embedded_one_at_a_time() -> None:
    """The library mixes up the vectors of those that it reads together."""
    assert parallel_when_embedding(None) == parallel_when_embedding(1) == 1
    with pytest.raises(ConfigError, match="parallel 4"):
        parallel_when_embedding(4)


def test_a_usual_context_of_another_size() -> None:
    """A model that embeds reads a text in one batch, for which less is usual."""
    assert context_of(None, 8192, EMBEDDING_CONTEXT_DEFAULT) == 2048
    assert context_of(None, 512, EMBEDDING_CONTEXT_DEFAULT) == 512
    assert context_of(4096, 8192, EMBEDDING_CONTEXT_DEFAULT) == 4096
