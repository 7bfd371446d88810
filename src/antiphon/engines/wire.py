"""The OpenAI wire as engines speak it, requests: a Job to the body of a chat. Pure.

Only the fields named here ever reach an engine.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from antiphon.chat import Image, Message, NamedTool, Text, Tool
from antiphon.engines import Job
from antiphon.engines.kinds import EngineKind
from antiphon.engines.stops import stops_itself, tally
from antiphon.engines.thought import Thinking


class SampledBody(Struct, kw_only=True, omit_defaults=True):
    """What every request to generate holds. `Any` where the wire's own shapes are JSON that nobody here reads again."""

    model: str
    stream: bool = False
    stream_options: dict[str, bool] | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repeat_penalty: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    logit_bias: dict[str, float] | None = None
    stop: tuple[str, ...] | None = None
    return_progress: bool | None = None
    timings_per_token: bool | None = None


class RequestBody(SampledBody, kw_only=True, omit_defaults=True):
    """What is sent for a chat."""

    messages: list[Any]
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, Any] | None = None
    grammar: str | None = None
    structured_outputs: dict[str, str] | None = None
    continue_final_message: bool | None = None
    add_generation_prompt: bool | None = None
    chat_template_kwargs: dict[str, bool] | None = None
    reasoning_effort: str | None = None
    thinking_budget_tokens: int | None = None
    thinking_token_budget: int | None = None
    custom_params: dict[str, int] | None = None


STREAM_OPTIONS = ({"include_usage": True}, {"include_usage": True, "continuous_usage_stats": True})
_encoder = msgspec.json.Encoder()


def encode(job: Job, kind: EngineKind, *, stream: bool) -> bytes:
    """The request body for `job`, with the differences that `kind` declares."""
    sampling = job.sampling
    body = RequestBody(model=job.model, messages=[_message(message) for message in job.messages])
    add_sampling(body, job, kind, stream=stream)
    if sampling.logprobs:
        body.logprobs = True
        body.top_logprobs = max(sampling.top_logprobs, kind.top_logprobs_min)
    if job.tools:
        _add_tools(body, job, kind)
    _add_format(body, job, kind)
    if job.prefill is not None and kind.prefill == "flags":
        body.continue_final_message = True
        body.add_generation_prompt = False
    if job.thinking is not None:
        _add_thinking(body, job.thinking, kind)
    return _encoder.encode(body)


def add_sampling(body: SampledBody, job: Job, kind: EngineKind, *, stream: bool) -> None:
    """How tokens are drawn, and whether they are told one by one."""
    sampling = job.sampling
    body.temperature = sampling.temperature
    if sampling.top_p is not None:
        body.top_p = sampling.top_p or kind.top_p_zero
    body.frequency_penalty = sampling.frequency_penalty or None
    body.presence_penalty = sampling.presence_penalty or None
    body.seed = sampling.seed
    body.logit_bias = sampling.logit_bias or None
    body.stop = sampling.stop or None
    if stream:
        body.stream = True
        body.stream_options = STREAM_OPTIONS[tally(job, kind) == "usage"]
        body.return_progress = kind.tells_progress or None
        body.timings_per_token = tally(job, kind) == "timings" or None
        if not stops_itself(job, kind):
            body.stop = None
    if sampling.max_tokens is not None:
        setattr(body, kind.tokens_field, sampling.max_tokens)
    if kind.top_k_off is not None and sampling.top_k is not None:
        body.top_k = sampling.top_k if sampling.top_k > 0 else kind.top_k_off
        if sampling.temperature == 0 and kind.sorts_when_greedy:
            body.top_k = 1  # the same token, without the sorting
    if kind.min_p:
        body.min_p = sampling.min_p
    if kind.repetition_field is not None and sampling.repetition_penalty is not None:
        setattr(body, kind.repetition_field, sampling.repetition_penalty)


def _add_tools(body: RequestBody, job: Job, kind: EngineKind) -> None:
    body.tools = [_tool(tool, strict=kind.strict_tools or tool.strict) for tool in job.tools]
    choice = job.tool_choice
    body.tool_choice = (
        {"type": "function", "function": {"name": choice.name}} if isinstance(choice, NamedTool) else choice
    )
    if not job.parallel_tool_calls:
        body.parallel_tool_calls = False


def _add_format(body: RequestBody, job: Job, kind: EngineKind) -> None:
    if job.grammar is not None and kind.grammar_field == "grammar":
        body.grammar = job.grammar
    elif job.grammar is not None and kind.grammar_field == "structured_outputs":
        body.structured_outputs = {"grammar": job.grammar}
    elif job.response_format.kind == "json_object":
        body.response_format = {"type": "json_object"}
    elif job.response_format.kind == "json_schema":
        schema = {"name": job.response_format.name or "answer", "schema": job.response_format.schema}
        body.response_format = {"type": "json_schema", "json_schema": {**schema, "strict": True}}


def _add_thinking(body: RequestBody, thinking: Thinking, kind: EngineKind) -> None:
    """Templates know the switch by one of two names."""
    if kind.thinking_switch == "template":
        body.chat_template_kwargs = {"enable_thinking": thinking.enabled, "thinking": thinking.enabled}
    if thinking.enabled:
        body.reasoning_effort = thinking.level
    elif kind.thinking_switch == "effort":
        body.reasoning_effort = "none"
    if thinking.tokens_max is None or kind.thinking_tokens_field is None:
        return
    tokens = max(thinking.tokens_max, kind.thinking_tokens_min)
    if kind.thinking_tokens_field == "custom_params":
        body.custom_params = {"thinking_budget": tokens}
    else:
        setattr(body, kind.thinking_tokens_field, tokens)


def _tool(tool: Tool, *, strict: bool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name, "parameters": tool.parameters}
    if tool.description:
        function["description"] = tool.description
    if strict:
        function["strict"] = True
    return {"type": "function", "function": function}


def _message(message: Message) -> Any:
    """A plain turn is its own wire form; the others are spelled out."""
    kept = message.completion_id is not None or message.metadata is not None
    if isinstance(message.content, str) and not (message.tool_calls or message.reasoning is not None or kept):
        return message
    wire: dict[str, Any] = {"role": message.role}
    if isinstance(message.content, tuple):
        wire["content"] = [_part(part) for part in message.content]
    else:
        wire["content"] = message.content
    for name in ("name", "tool_call_id"):
        if (value := getattr(message, name)) is not None:
            wire[name] = value
    if message.reasoning is not None:
        wire["reasoning_content"] = message.reasoning
    if message.tool_calls:
        wire["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return wire


def _part(part: Text | Image) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image_url", "image_url": {"url": part.url}}
