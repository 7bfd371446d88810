"""Whether a model of a server makes embeddings: asked of the server where it can be, else guessed from the name."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from antiphon.engines.probe import Asked

TRIED = ("llama.cpp", "vllm", "sglang")  # they answer for all that they serve, and a trial costs nothing


class _Shown(Struct):
    capabilities: list[str] = []


async def embeds(server: Asked, model: str) -> bool:
    """Whether this model makes embeddings here.

    Engines that serve one kind of model refuse the other. Ollama says what each of its models can do. Of a hosted
    engine only the name tells: its lists hold both kinds, and a trial would cost money.
    """
    if server.kind.name in TRIED:
        return await server.post("/v1/embeddings", msgspec.json.encode({"model": model, "input": "Hi"})) is not None
    if server.kind.name == "ollama":
        body = await server.post("/api/show", msgspec.json.encode({"model": model}))
        return body is not None and "embedding" in msgspec.json.decode(body, type=_Shown).capabilities
    return "embed" in model.lower()
