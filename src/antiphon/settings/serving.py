"""The settings of what is served: models run by us, and upstreams that others run."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from antiphon.settings.bounds import (
    Count,
    HTTPAddress,
    MicroUSDC,
    Name,
    NonEmpty,
    Penalty,
    Probability,
    RepetitionPenalty,
    Seconds,
    Temperature,
    Threads,
    Tokens,
    TopK,
    WalletAddress,
)
from antiphon.settings.secret import Secret

EngineKind = Literal["auto", "llama.cpp", "vllm", "sglang", "ollama", "openai"]
ToolSupport = Literal["auto", "native", "emulated"]
ReasoningSupport = Literal["auto", "on", "off"] | bool  # YAML reads a bare on or off as a boolean
Modality = Literal["text", "image"]


class GenerationDefaults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model uses when the request says nothing; absent means the engine's own default."""

    temperature: Annotated[Temperature | None, Meta(description="Default of `temperature`.")] = None
    top_p: Annotated[Probability | None, Meta(description="Default of `top_p`.")] = None
    top_k: Annotated[TopK | None, Meta(description="Default of `top_k`; -1 means no limit.")] = None
    min_p: Annotated[Probability | None, Meta(description="Default of `min_p`.")] = None
    frequency_penalty: Annotated[Penalty | None, Meta(description="Default of `frequency_penalty`.")] = None
    presence_penalty: Annotated[Penalty | None, Meta(description="Default of `presence_penalty`.")] = None
    repetition_penalty: Annotated[
        RepetitionPenalty | None,
        Meta(description="Default of `repetition_penalty`."),
    ] = None
    max_tokens: Annotated[
        Tokens | None,
        Meta(description="Default of `max_tokens`; absent: what the context leaves."),
    ] = None
    timeout_secs: Annotated[
        Seconds | None,
        Meta(description="Default of `timeout_secs`; absent: `timeouts.total_s`."),
    ] = None


class Prices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Prices of a model, in whole micro-USDC for a million tokens. Without any it is free."""

    prompt: Annotated[MicroUSDC, Meta(description="Micro-USDC for 1,000,000 prompt tokens.")] = 0
    completion: Annotated[MicroUSDC, Meta(description="Micro-USDC for 1,000,000 completion tokens.")] = 0
    cached: Annotated[
        MicroUSDC | None,
        Meta(description="Micro-USDC for 1,000,000 prompt tokens that the engine had at hand; absent: as `prompt`."),
    ] = None
    reasoning: Annotated[
        MicroUSDC | None,
        Meta(description="Micro-USDC for 1,000,000 completion tokens that are thoughts; absent: as `completion`."),
    ] = None
    image: Annotated[
        MicroUSDC | None,
        Meta(
            description="Micro-USDC for 1,000,000 prompt tokens that are images, where the engine tells how many; "
            "absent: as `prompt`."
        ),
    ] = None


class ModelSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that the gateway runs itself, in a supervised child process."""

    name: Annotated[Name, Meta(description="The name that requests use.")]
    reference: Annotated[
        NonEmpty,
        Meta(
            description="Where its GGUF file is: a path, a known name, a URL, `hf:OWNER/REPO/FILE.gguf` or "
            "`hf:OWNER/REPO:QUANTISATION`."
        ),
    ]
    mmproj: Annotated[
        NonEmpty | None,
        Meta(description="Reference of its image projector (GGUF); with it the model takes images."),
    ] = None
    chat_template: Annotated[
        NonEmpty | None,
        Meta(description="Path of a chat template that replaces the one in the model file."),
    ] = None
    context_length: Annotated[
        Tokens | None,
        Meta(description="Context of one request in tokens; absent: the model's own."),
    ] = None
    parallel: Annotated[Count | None, Meta(description="Requests generated at once; absent: chosen.")] = None
    threads: Annotated[Threads | None, Meta(description="Processor threads; absent: chosen.")] = None
    aliases: Annotated[tuple[Name, ...], Meta(description="Further names of the model.")] = ()
    defaults: Annotated[
        GenerationDefaults,
        Meta(description="What it uses when the request says nothing."),
    ] = GenerationDefaults()
    prices: Annotated[Prices, Meta(description="What its tokens cost.")] = Prices()
    tools: Annotated[
        ToolSupport,
        Meta(description="Tool calls by the model's template, by grammar, or whichever it has."),
    ] = "auto"
    reasoning: Annotated[
        ReasoningSupport,
        Meta(description="Whether the model can think before it answers; `auto`: as its chat template says."),
    ] = "auto"
    embeddings: Annotated[
        bool | None,
        Meta(description="The model makes embeddings and generates nothing; absent: as its file says."),
    ] = None
    domain_aligned: Annotated[
        bool,
        Meta(description="The model is tuned to a domain, so that answers carry a confidence."),
    ] = False


Tag = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]


class UpstreamModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model of an upstream, as the gateway offers it."""

    name: Annotated[Name, Meta(description="The name that requests use.")]
    upstream_name: Annotated[
        NonEmpty | None,
        Meta(description="The name that the upstream knows it by; absent: the same."),
    ] = None
    aliases: Annotated[tuple[Name, ...], Meta(description="Further names of the model.")] = ()
    context_length: Annotated[
        Tokens | None,
        Meta(description="Context of one request in tokens; absent: asked from the upstream."),
    ] = None
    modalities: Annotated[
        tuple[Modality, ...] | None,
        Meta(description="What it takes as input; absent: asked from the upstream, else text."),
    ] = None
    defaults: Annotated[
        GenerationDefaults,
        Meta(description="What it uses when the request says nothing."),
    ] = GenerationDefaults()
    prices: Annotated[Prices, Meta(description="What its tokens cost.")] = Prices()
    tools: Annotated[
        ToolSupport,
        Meta(description="Tool calls by the upstream, by grammar, or whichever it has."),
    ] = "auto"
    reasoning: Annotated[
        ReasoningSupport,
        Meta(description="Whether the model can think before it answers; `auto`: as the upstream says."),
    ] = "auto"
    embeddings: Annotated[
        bool | None,
        Meta(description="The model makes embeddings and generates nothing; absent: asked from the upstream."),
    ] = None
    domain_aligned: Annotated[
        bool,
        Meta(description="The model is tuned to a domain, so that answers carry a confidence."),
    ] = False
    node_tags: Annotated[
        tuple[Tag, ...],
        Meta(description="Below `nodes.models`: taken only from nodes that have all of these tags."),
    ] = ()


class UpstreamSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A server that speaks the OpenAI wire and that somebody else runs."""

    url: Annotated[HTTPAddress, Meta(description="Its base URL, with or without `/v1`.")]
    name: Annotated[Name | None, Meta(description="Its name in metrics and logs; absent: host, port and path.")] = None
    kind: Annotated[EngineKind, Meta(description="Which engine it is; `auto` asks it.")] = "auto"
    api_key: Annotated[Secret | None, Meta(description="The key sent to it as a bearer token.")] = None
    models: Annotated[
        tuple[UpstreamModel, ...] | None,
        Meta(description="The models offered from it; absent: all that its `/v1/models` lists."),
    ] = None
    weight: Annotated[Count, Meta(description="Its share among upstreams that serve the same model.")] = 1
    tags: Annotated[
        tuple[Tag, ...],
        Meta(description="What it is called by together with others, for requests that ask for `tag:NAME`."),
    ] = ()
    slots: Annotated[
        Count | None,
        Meta(description="Requests that it is given at once, others wait their turn; absent: all that come."),
    ] = None
    owner: Annotated[
        WalletAddress | None,
        Meta(description="The wallet that earns a share of what its work is charged; it is then checked as a node."),
    ] = None
    reference: Annotated[
        bool,
        Meta(description="Whether it is trusted, and nodes that serve the same models are held against it."),
    ] = False
    connections_max: Annotated[Count, Meta(description="Connections open to it at once.")] = 1024
    tls_verify: Annotated[bool, Meta(description="Check its TLS certificate.")] = True
