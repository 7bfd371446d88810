"""What a server tells about the models it serves, and how long a prompt is. One function per question."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.chat import Prompt
from antiphon.engines import Job, ModelFacts, wire
from antiphon.engines.kinds import EngineKind

Get = Callable[[str], Awaitable[bytes | None]]
Post = Callable[[str, bytes], Awaitable[bytes | None]]


class _Meta(Struct):
    n_ctx_train: int | None = None
    n_ctx: int | None = None
    n_vocab: int | None = None
    ftype: str | None = None


class _Model(Struct):
    id: str
    max_model_len: int | None = None
    context_length: int | None = None
    meta: _Meta | None = None


class _Models(Struct):
    data: list[_Model] = []


class _Capabilities(Struct, frozen=True):
    supports_tools: bool = False
    supports_tool_calls: bool = False


class _Generation(Struct, frozen=True):
    n_ctx: int | None = None


class _Modalities(Struct, frozen=True):
    vision: bool = False
    audio: bool = False


class _Props(Struct):
    """llama.cpp's /props, as far as it matters here."""

    default_generation_settings: _Generation = _Generation()
    modalities: _Modalities = _Modalities()
    chat_template_caps: _Capabilities = _Capabilities()


async def read(get: Get, kind: EngineKind) -> list[ModelFacts]:
    """The models a server lists, with what its kind tells of them."""
    body = await get("/v1/models")
    listed = msgspec.json.decode(body, type=_Models).data if body else []
    props = await _props(get) if kind.name == "llama.cpp" else None
    return [_facts(model, props) for model in listed]


async def _props(get: Get) -> _Props | None:
    body = await get("/props")
    return msgspec.json.decode(body, type=_Props) if body else None


def _facts(model: _Model, props: _Props | None) -> ModelFacts:
    context = model.max_model_len or model.context_length
    if props is None:
        return ModelFacts(name=model.id, context_length=context)
    capabilities = props.chat_template_caps
    return ModelFacts(
        name=model.id,
        context_length=props.default_generation_settings.n_ctx or context,
        modalities=("text", "image") if props.modalities.vision else ("text",),
        native_tools=capabilities.supports_tools and capabilities.supports_tool_calls,
        quantisation=model.meta.ftype if model.meta else None,
        vocabulary_size=model.meta.n_vocab if model.meta else None,
    )


class _Prompt(Struct):
    prompt: str


class _Tokens(Struct):
    tokens: list[Any] = []  # Any: only their number matters
    count: int | None = None


async def count_prompt_tokens(post: Post, job: Job, kind: EngineKind) -> int | None:
    """How many tokens the job's prompt takes, None where the server has no way to tell."""
    if job.prompt is not None:
        return await _count_text(post, job.model, job.prompt, kind)
    if kind.count_tokens is None:
        return None
    messages = wire.encode(job, kind, stream=False)
    if kind.count_tokens == "vllm":
        answer = await post("/tokenize", messages)
        return msgspec.json.decode(answer, type=_Tokens).count if answer else None
    applied = await post("/apply-template", messages)
    if applied is None:
        return None
    prompt = msgspec.json.decode(applied, type=_Prompt).prompt
    return await _count_text(post, job.model, prompt, kind)


async def _count_text(post: Post, model: str, prompt: Prompt, kind: EngineKind) -> int | None:
    """How many tokens a text takes as it is."""
    if isinstance(prompt, tuple):
        return len(prompt)
    if kind.count_tokens is None:
        return None
    if kind.count_tokens == "vllm":
        answer = await post("/tokenize", msgspec.json.encode({"model": model, "prompt": prompt}))
        return msgspec.json.decode(answer, type=_Tokens).count if answer else None
    body = msgspec.json.encode({"content": prompt, "add_special": True, "parse_special": True})
    answer = await post("/tokenize", body)
    return len(msgspec.json.decode(answer, type=_Tokens).tokens) if answer else None
