"""The rows of engine kinds: each is found by its name, and they differ where they must."""

from __future__ import annotations

import pytest

from antiphon.engines.kinds import KINDS, EngineKind, kind
from antiphon.errors import ConfigError


@pytest.mark.parametrize("name", ["llama.cpp", "vllm", "sglang", "ollama", "openai"])
def test_each_kind_is_found_by_its_name(name: str) -> None:
    """The row says its own name."""
    assert kind(name).name == name
    assert kind(name) is KINDS[name]


def test_an_unknown_kind_names_the_known_ones() -> None:
    """The error lists what could have been meant."""
    known = "known are llama.cpp, ollama, openai, sglang, vllm"
    with pytest.raises(ConfigError, match=f"unknown engine kind 'other': {known}"):
        kind("other")


def test_the_plainest_kind_is_the_default() -> None:
    """Ollama departs in nothing, a hosted engine only in how it is told the limit of tokens, and in knowing base64."""
    assert KINDS["ollama"] == EngineKind(name="ollama")
    assert KINDS["openai"] == EngineKind(name="openai", tokens_field="max_completion_tokens", base64_vectors=True)


def test_only_these_take_grammars() -> None:
    """llama.cpp and vLLM, each in a field of its own."""
    fields = {name: row.grammar_field for name, row in KINDS.items() if row.grammar_field}
    assert fields == {"llama.cpp": "grammar", "vllm": "structured_outputs"}
