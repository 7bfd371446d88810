"""What a server is, by what it answers, and whether it knows tools."""

from __future__ import annotations

import pytest

from antiphon.engines import ModelFacts
from antiphon.engines.probe import native_tools, recognise
from antiphon.testing.faults import Fault
from tests.unit.engines.connected import connected

FACTS = ModelFacts("fault-model")


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ({"/props": b"{}"}, "llama.cpp"),
        ({"/get_model_info": b"{}"}, "sglang"),
        ({"/api/version": b'{"version": "1"}'}, "ollama"),
        ({"/version": b'{"version": "1"}'}, "vllm"),
        ({"/version": b"{}", "/props": b"{}"}, "llama.cpp"),
        ({"/props": b"<html>", "/version": b"{}"}, "vllm"),
        ({"/props": b"\xff"}, "openai"),
        ({"/props": b"[]"}, "openai"),
        ({}, "openai"),
    ],
)
async def test_a_server_is_known_by_its_own_address(answers: dict[str, bytes], name: str) -> None:
    """The first address that answers with an object decides; a page for everything is none."""

    async def get(path: str) -> bytes | None:
        return answers.get(path)

    assert (await recognise(get)).name == name


@pytest.mark.parametrize("told", [True, False])
async def test_llamacpp_is_believed(told: bool) -> None:
    """It says so itself, so that nothing is asked."""
    async with connected("llama.cpp") as (engine, server):
        assert await native_tools(engine, ModelFacts("fault-model", native_tools=told)) is told
        assert server.requests == []


@pytest.mark.parametrize("name", ["openai", "ollama", "sglang"])
async def test_others_are_taken_at_their_word(name: str) -> None:
    """Nothing is asked of them."""
    async with connected(name) as (engine, server):
        assert await native_tools(engine, FACTS)
        assert server.requests == []


async def test_vllm_whose_template_shows_no_tools_has_none() -> None:
    """Definitions that do not lengthen the prompt are lost; the engine is not asked to generate."""
    async with connected("vllm") as (engine, server):
        assert not await native_tools(engine, FACTS)
        assert server.requests == []


async def test_vllm_that_cannot_count_has_none() -> None:
    """What cannot be told is not relied on."""
    async with connected("vllm") as (engine, server):
        server.push(Fault("status", status=404, route="tokenize"), Fault("status", status=404, route="tokenize"))
        assert not await native_tools(engine, FACTS)
        assert server.requests == []
