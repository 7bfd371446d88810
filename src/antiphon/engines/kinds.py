"""The declared differences between engines that speak the OpenAI wire. A new engine is a row here."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from antiphon.errors import ConfigError

Prefill = Literal["implicit", "flags", "turn"]
Tally = Literal["timings", "usage"]


class EngineKind(Struct, frozen=True):
    """How one engine departs from the others on the wire.

    `top_k_off`: the value that means "no limit", None when it takes no top_k. `prefill`: a closing assistant
    message is continued by itself (`implicit`), with two flags (`flags`), or is a plain turn (`turn`).
    `grammar_field`: where a GBNF grammar goes.
    """

    name: str
    top_k_off: int | None = None
    min_p: bool = False
    repetition_field: Literal["repeat_penalty", "repetition_penalty"] | None = None
    grammar_field: Literal["grammar", "structured_outputs"] | None = None
    prefill: Prefill = "turn"
    top_p_zero: float = 0.0  # vLLM refuses top_p 0: the smallest value it takes is as good
    tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    count_tokens: Literal["llama.cpp", "vllm"] | None = None
    stops_plain: bool = True  # llama.cpp goes on with a plain answer that nobody waits for
    cuts_stops: bool = True  # llama.cpp's stream loses what began like a stop text when max_tokens ends it there
    tally: Tally | None = None  # how each event of a stream tells what has been taken so far
    top_logprobs_min: int = 0  # llama.cpp lists no token at all when no alternatives are asked for
    tells_progress: bool = False  # llama.cpp looks whether its client is still there only when it writes
    sorts_when_greedy: bool = False  # llama.cpp sorts its whole vocabulary at temperature 0 unless told top_k 1
    base64_vectors: bool = False  # whether it gives embeddings as base64 too
    inputs_max: int = 2048  # texts in one request; llama.cpp goes on with those that nobody waits for any more
    thinking_switch: Literal["template", "effort"] = "effort"  # by a variable of the template, or a level of effort
    thinking_tokens_field: Literal["thinking_budget_tokens", "thinking_token_budget", "custom_params"] | None = None
    thinking_tokens_min: int = 0  # llama.cpp counts the line break behind the opening mark; with less it never ends
    strict_tools: bool = False  # vLLM holds arguments to the schema only with `strict`


KINDS = {
    kind.name: kind
    for kind in (
        EngineKind(
            name="llama.cpp",
            top_k_off=0,
            min_p=True,
            repetition_field="repeat_penalty",
            grammar_field="grammar",
            prefill="implicit",
            count_tokens="llama.cpp",
            stops_plain=False,
            cuts_stops=False,
            tally="timings",
            top_logprobs_min=1,
            tells_progress=True,
            sorts_when_greedy=True,
            thinking_switch="template",
            thinking_tokens_field="thinking_budget_tokens",
            thinking_tokens_min=1,
            base64_vectors=True,
            inputs_max=16,
        ),
        EngineKind(
            name="vllm",
            tally="usage",
            top_k_off=0,
            min_p=True,
            repetition_field="repetition_penalty",
            grammar_field="structured_outputs",
            prefill="flags",
            top_p_zero=1e-6,
            count_tokens="vllm",
            thinking_switch="template",
            thinking_tokens_field="thinking_token_budget",
            strict_tools=True,
            base64_vectors=True,
        ),
        EngineKind(
            name="sglang",
            top_k_off=-1,
            min_p=True,
            repetition_field="repetition_penalty",
            prefill="flags",
            top_p_zero=1e-6,
            thinking_switch="template",
            thinking_tokens_field="custom_params",
        ),
        EngineKind(name="ollama"),
        EngineKind(name="openai", tokens_field="max_completion_tokens", base64_vectors=True),
    )
}


def kind(name: str) -> EngineKind:
    """The row of that name; ConfigError names the known ones."""
    row = KINDS.get(name)
    if row is None:
        raise ConfigError(f"unknown engine kind {name!r}: known are {', '.join(sorted(KINDS))}")
    return row
