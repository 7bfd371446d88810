"""Whether a model makes embeddings, as its server tells."""

from __future__ import annotations

import json

import pytest

from antiphon.engines.embeds import embeds
from antiphon.engines.kinds import EngineKind, kind
from tests.unit.engines.connected import connected


class Server:
    """A server of that kind with these answers, which keeps what was posted."""

    def __init__(self, name: str, answers: dict[str, bytes]) -> None:
        self.posted: list[tuple[str, bytes]] = []
        self._kind = kind(name)
        self._answers = answers

    @property
    def kind(self) -> EngineKind:
        """What it is."""
        return self._kind

    async def get(self, path: str) -> bytes | None:
        """The answer to GET."""
        return self._answers.get(path)

    async def post(self, path: str, body: bytes) -> bytes | None:
        """The answer to POST."""
        self.posted.append((path, body))
        return self._answers.get(path)


@pytest.mark.parametrize("name", ["llama.cpp", "vllm", "sglang"])
@pytest.mark.parametrize("told", [True, False])
async def test_engines_of_one_kind_of_model_are_tried(name: str, told: bool) -> None:
    """A short text for them to embed, which those that generate refuse."""
    async with connected(name, embeds=told) as (engine, server):
        assert await embeds(engine, "fault-model") is told
        asked = [each.body for each in server.record.exchanges]
        assert asked == ([{"model": "fault-model", "input": "Hi"}] if told else [])


@pytest.mark.parametrize(
    ("shown", "told"),
    [(b'{"capabilities": ["embedding"]}', True), (b'{"capabilities": ["completion"]}', False), (b"{}", False)],
)
async def test_ollama_says_so(shown: bytes, told: bool) -> None:
    """Of each of its models."""
    server = Server("ollama", {"/api/show": shown})
    assert await embeds(server, "m") is told
    assert [(path, json.loads(body)) for path, body in server.posted] == [("/api/show", {"model": "m"})]
    assert not await embeds(Server("ollama", {}), "nomic-embed-text")


@pytest.mark.parametrize(("name", "told"), [("text-embedding-3-small", True), ("Acme-EMBED", True), ("gpt-5", False)])
async def test_of_hosted_models_the_name_tells(name: str, told: bool) -> None:
    """Nothing is asked, since that would cost money."""
    server = Server("openai", {"/v1/embeddings": b"{}"})
    assert await embeds(server, name) is told
    assert server.posted == []
