"""A model file that says how it pools, run without any setting: a tiny BERT, which has no template to chat with."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from threading import Event
from typing import Any

import pytest
import pytest_asyncio

from antiphon.testing.gateway_process import GatewayProcess
from tests.fixtures.embedding import bert

KEY = "sk-embedding-2a97516c354b68848cdbd8f54a226a0a55b21ed1"
READY_S = 60.0
POLL_S = 0.1
POOLINGS = ("cls", "mean")
TEXTS = ["the fox ran", "a dog", "tea.", "the fox ran"]
JSON = Any  # Any: bodies of the wire
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GatewayProcess]:
    """A gateway with one model for each way to pool."""
    folder = tmp_path_factory.mktemp("embedding")
    settings = f'[[keys]]\nname = "test"\nkey = "{KEY}"\n'
    for pooling in POOLINGS:
        path = bert.write(folder / f"{pooling}.gguf", pooling)
        settings += f'[[models]]\nname = "{pooling}"\nreference = "{path}"\n'
    async with GatewayProcess(settings, folder) as started:
        async with asyncio.timeout(READY_S):
            while any(not model["nodes"] for model in await models(started)):
                await asyncio.to_thread(Event().wait, POLL_S)
        yield started


async def models(gateway: GatewayProcess) -> list[JSON]:
    """The models as they are listed now."""
    listed: list[JSON] = (await gateway.ask("/v1/models", key=KEY)).json()["data"]
    return listed


async def vectors(gateway: GatewayProcess, pooling: str, texts: list[str]) -> list[list[float]]:
    """The vectors of these texts."""
    response = await gateway.ask("/v1/embeddings", {"model": pooling, "input": texts}, key=KEY)
    assert response.status == 200, response.body
    return [each["embedding"] for each in response.json()["data"]]


async def test_it_is_listed_as_what_it_is(gateway: GatewayProcess) -> None:
    """By its file alone; the context is the model's own."""
    told = [(model["id"], model["type"], model["context_length"]) for model in await models(gateway)]
    assert sorted(told) == [(pooling, "embedding", bert.CONTEXT_TOKENS) for pooling in POOLINGS]


@pytest.mark.parametrize("pooling", POOLINGS)
async def test_texts_together_are_as_they_are_alone(gateway: GatewayProcess, pooling: str) -> None:
    """However many are asked for at once, on as many connections."""
    alone = [(await vectors(gateway, pooling, [text]))[0] for text in TEXTS]
    together = await vectors(gateway, pooling, TEXTS * 10)
    beside = await asyncio.gather(*(vectors(gateway, pooling, [text]) for text in TEXTS * 5))
    assert all(len(vector) == bert.WIDTH and math.isclose(math.hypot(*vector), 1, abs_tol=1e-4) for vector in alone)
    for place, vector in enumerate([*together, *(one for (one,) in beside)]):
        assert math.dist(vector, alone[place % len(TEXTS)]) < 1e-3, place


async def test_pooling_makes_a_difference(gateway: GatewayProcess) -> None:
    """Each model pools as its own file says."""
    by_first, by_mean = [(await vectors(gateway, pooling, TEXTS[:1]))[0] for pooling in POOLINGS]
    assert math.dist(by_first, by_mean) > 0.01


async def test_what_it_cannot_do_is_refused(gateway: GatewayProcess) -> None:
    """A text beyond its context, a chat, a prompt; and it goes on after each."""
    long = await gateway.ask("/v1/embeddings", {"model": "cls", "input": ["a", "abc " * 60]}, key=KEY)
    assert (long.status, long.json()["error"]["param"]) == (400, "input[1]")
    chat = {"model": "cls", "messages": [{"role": "user", "content": "Hi"}]}
    for path, body in (("/v1/chat/completions", chat), ("/v1/completions", {"model": "cls", "prompt": "Hi"})):
        refused = await gateway.ask(path, body, key=KEY)
        assert (refused.status, refused.json()["error"]["code"]) == (400, "model_not_supported")
    assert len(await vectors(gateway, "cls", ["a"])) == 1
