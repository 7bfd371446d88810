"""Finds out what a server is by asking: which engine, whether it turns tool definitions into calls, how it thinks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
from msgspec import Struct

from antiphon.chat import Message, Sampling, Tool
from antiphon.engines import Job, ModelFacts
from antiphon.engines.facts import Get
from antiphon.engines.kinds import KINDS, EngineKind
from antiphon.engines.thought import Thought, recognised
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


TURN = [{"role": "user", "content": "Hi"}]  # what prompts are rendered from


class Asked(Protocol):
    """A server that can be asked; each answer is the body of a 200, None for any other status."""

    @property
    def kind(self) -> EngineKind:
        """What it is."""
        ...

    async def get(self, path: str) -> bytes | None:
        """The answer to GET."""
        ...

    async def post(self, path: str, body: bytes) -> bytes | None:
        """The answer to POST."""
        ...


class _Capabilities(Struct, frozen=True):
    supports_reasoning_effort: bool = False


class _Props(Struct):
    chat_template: str = ""
    chat_template_caps: _Capabilities = _Capabilities()


class _Rendered(Struct):
    """A prompt as text (llama.cpp) or token by token (vLLM)."""

    prompt: str = ""
    token_strs: list[str] | None = None


class _Server(Struct):
    reasoning_parser: str | None = None
    enable_strict_thinking: bool = False


class _Shown(Struct):
    capabilities: list[str] = []


async def thought(server: Asked, model: str) -> Thought | None:
    """How this model thinks on this engine; None where it does not, or nothing tells.

    llama.cpp and vLLM show what the model's template makes of a turn. SGLang and Ollama say whether thinking comes
    apart from the answer. Of others nothing is known.
    """
    ask = _ASKED.get(server.kind.name)
    return None if ask is None else await ask(server, model)


async def _of_llamacpp(server: Asked, model: str) -> Thought | None:
    body = await server.get("/props")
    props = msgspec.json.decode(body, type=_Props) if body else _Props()
    known = await _rendered(server, model, "/apply-template", props.chat_template)
    if known is None and props.chat_template_caps.supports_reasoning_effort:
        known = Thought(switched=False)
    return known and msgspec.structs.replace(known, bounded_by="engine")


async def _of_vllm(server: Asked, model: str) -> Thought | None:
    """A number of tokens is taken by those that were started with a reasoning parser; the others refuse it."""
    known = await _rendered(server, model, "/tokenize")
    if known is None:
        return None
    trial = {"model": model, "messages": TURN, "max_tokens": 1, "thinking_token_budget": 1}
    bounded = await server.post("/v1/chat/completions", msgspec.json.encode(trial)) is not None
    return msgspec.structs.replace(known, bounded_by="engine" if bounded else None, constrained=False)


async def _of_sglang(server: Asked, model: str) -> Thought | None:  # noqa: ARG001 - it serves only one
    body = await server.get("/get_server_info")
    told = msgspec.json.decode(body, type=_Server) if body else _Server()
    if told.reasoning_parser is None:
        return None
    if told.reasoning_parser == "gpt-oss":
        return Thought(constrained=False)
    return Thought(
        "<think>",
        "</think>",
        bounded_by="engine" if told.enable_strict_thinking else "gateway",
        constrained=False,
    )


async def _of_ollama(server: Asked, model: str) -> Thought | None:
    body = await server.post("/api/show", msgspec.json.encode({"model": model}))
    shown = msgspec.json.decode(body, type=_Shown) if body else _Shown()
    return Thought(constrained=False) if "thinking" in shown.capabilities else None


async def _rendered(server: Asked, model: str, path: str, template: str = "") -> Thought | None:
    """What the template makes of a turn with thinking on and off."""
    prompts = []
    for enabled in (True, False):
        switch = {"enable_thinking": enabled, "thinking": enabled}
        asked = {"model": model, "messages": TURN, "chat_template_kwargs": switch, "return_token_strs": True}
        body = await server.post(path, msgspec.json.encode(asked))
        if body is None:
            return None
        rendered = msgspec.json.decode(body, type=_Rendered)
        prompts.append("".join(rendered.token_strs or ()) or rendered.prompt)
    return recognised(prompts[0], prompts[1], template)


_ASKED: dict[str, Callable[[Asked, str], Awaitable[Thought | None]]] = {
    "llama.cpp": _of_llamacpp,
    "vllm": _of_vllm,
    "sglang": _of_sglang,
    "ollama": _of_ollama,
}
