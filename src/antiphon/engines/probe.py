"""Finds out what a server is by asking: which engine, and whether it turns tool definitions into tool calls."""

from __future__ import annotations

import msgspec

from antiphon.chat import Message, Sampling, Tool
from antiphon.engines import Job, ModelFacts
from antiphon.engines.facts import Get
from antiphon.engines.kinds import KINDS, EngineKind
from antiphon.engines.upstream import HttpEngine
from antiphon.errors import BadRequest

# Addresses that only one engine serves, asked in this order.
MARKS = (("/props", "llama.cpp"), ("/get_model_info", "sglang"), ("/api/version", "ollama"), ("/version", "vllm"))


PROBE = Tool(name="probe", parameters={"type": "object", "properties": {}})


async def recognise(get: Get) -> EngineKind:
    """The engine's kind by the first of its own addresses that answers with a JSON object; else plain `openai`."""
    for path, name in MARKS:
        body = await get(path)
        if body is not None and _is_object(body):
            return KINDS[name]
    return KINDS["openai"]


def _is_object(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


async def native_tools(engine: HttpEngine, facts: ModelFacts) -> bool:
    """Whether the engine turns tool definitions into tool calls for this model.

    llama.cpp says so. vLLM does if the model's template shows the definitions, so that they lengthen the prompt, and
    if it was started with a parser, without which it refuses. Hosted engines are taken at their word.
    """
    if engine.kind.name == "llama.cpp":
        return facts.native_tools
    if engine.kind.name != "vllm":
        return True
    plain = Job(
        model=facts.name,
        messages=(Message(role="user", content="Hi"),),
        sampling=Sampling(max_tokens=1, temperature=0.0),
    )
    offered = msgspec.structs.replace(plain, tools=(PROBE,))
    without, shown = await engine.count_prompt_tokens(plain), await engine.count_prompt_tokens(offered)
    if without is None or shown is None or shown <= without:
        return False
    try:
        await engine.complete(offered)
    except BadRequest:
        return False
    return True
