"""What does not fit the model's context is refused by name; what was only a default is lowered."""

from __future__ import annotations

import pytest

from .client import Client


@pytest.fixture(name="context")
def context_length(client: Client) -> int:
    """The context of the model, as the gateway tells it."""
    length = client.http.get(f"/v1/models/{client.model}").json()["context_length"]
    assert isinstance(length, int)
    assert length > 100
    return length


def test_max_tokens_larger_than_the_context_is_refused(client: Client, context: int) -> None:
    """The caller asked for it by name, so it is told by name."""
    refusal = client.refuse("Say hi.", max_tokens=context + 1)
    assert refusal.param == "max_tokens"
    assert "max_tokens" in refusal.message
    assert refusal.code == "context_length_exceeded"


def test_max_tokens_that_leave_no_room_for_the_prompt_are_refused(client: Client, context: int) -> None:
    """Either alone would fit."""
    refusal = client.refuse("word " * (context // 2), max_tokens=context - 100)
    assert refusal.param == "max_tokens"


def test_the_newer_name_is_refused_alike(client: Client, context: int) -> None:
    """It is the same limit."""
    refusal = client.refuse("Say hi.", max_tokens=None, max_completion_tokens=context + 1)
    assert refusal.param in ("max_tokens", "max_completion_tokens")


def test_a_prompt_larger_than_the_context_is_refused(client: Client, context: int) -> None:
    """Streamed or not, before anything is generated."""
    for stream in (False, True):
        refusal = client.refuse("word " * (context + 10), max_tokens=5, stream=stream)
        assert refusal.code == "context_length_exceeded"
        assert refusal.param == "messages"


def test_a_default_limit_gives_way(client: Client, context: int) -> None:
    """A long prompt without a limit is answered with what is left."""
    answer = client.ask("word " * (context - 150), max_tokens=None, stop=[" ", "o", "e", "\n"])
    assert answer["usage"]["total_tokens"] <= context
