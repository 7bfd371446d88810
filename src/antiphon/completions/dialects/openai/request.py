"""The superset of request fields, which every door takes, and how a checked body becomes neutral. Pure.

A dialect subclasses `Body` where its vendor's fields differ, reads with a `Reader`, and calls `neutral`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar, cast

import msgspec
from msgspec import Meta, Struct

from antiphon.chat import ChatRequest, PricesMax, Reasoning, ResponseFormat, Sampling, ToolOverride
from antiphon.completions.dialects import RequestBounds
from antiphon.completions.dialects.openai.fields import (
    Choices,
    Penalty,
    Price,
    Seed,
    Share,
    StopText,
    Tokens,
    TopK,
    TopLogprobs,
)
from antiphon.completions.dialects.openai.messages import WireMessage, message
from antiphon.completions.dialects.openai.tools import (
    AnyFormat,
    WireTool,
    WireToolChoice,
    response_format,
    tool,
    tool_choice,
)
from antiphon.errors import BadRequest
from antiphon.http.decode import decode, whole
from antiphon.interactions.model import check_labels

METADATA_PAIRS_MAX = 16
MICRO = 1_000_000
ANY_TEXT = ResponseFormat()
AS_USUAL = Reasoning()
SESSION_HEADER = b"x-session-id"
SESSION_ID = re.compile(r"[!-~]{1,256}")

SessionId = Annotated[str, Meta(pattern=r"^[!-~]{1,256}$")]


class StreamOptions(Struct):
    """Only `include_usage` has an effect."""

    include_usage: bool | None = None


class WireMaxPrice(Struct):
    """What the model may cost, in USDC for 1,000,000 tokens, as OpenRouter has it."""

    prompt: Price = None
    completion: Price = None


class WireReasoning(Struct):
    """OpenRouter's and Nugen's object."""

    effort: Literal["xhigh", "high", "medium", "low", "minimal", "none"] | None = None
    max_tokens: Tokens = None
    exclude: bool | None = None
    enabled: bool | None = None


class GeneratingBody(Struct, kw_only=True):
    """What a chat and a text completion have in common. Null means the same as absent, everywhere."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    max_tokens: Tokens = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Share = None
    top_k: TopK = None
    min_p: Share = None
    frequency_penalty: Penalty = None
    presence_penalty: Penalty = None
    repetition_penalty: Annotated[float, Meta(gt=0, le=2)] | None = None
    repeat_penalty: Annotated[float, Meta(gt=0, le=2)] | None = None
    seed: Seed = None
    logit_bias: dict[str, Annotated[float, Meta(ge=-100, le=100)]] | None = None
    stop: StopText | Annotated[list[StopText], Meta(max_length=4)] | None = None
    n: Choices = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    timeout_secs: Annotated[float, Meta(gt=0)] | None = None
    max_ttft_ms: Annotated[float, Meta(ge=0, le=1e12)] | None = None
    max_price: WireMaxPrice | None = None
    user: Annotated[str, Meta(max_length=512)] | None = None
    session_id: SessionId | None = None
    labels: dict[str, str] | None = None
    metadata: dict[str, str] | None = None
    tags: list[str] | None = None
    ab_campaign: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    store: bool | None = None

    @property
    def all_labels(self) -> dict[str, str] | None:
        """What either name holds, None when neither is there."""
        return {**(self.metadata or {}), **(self.labels or {})} if self.metadata or self.labels else None


class Body(GeneratingBody, kw_only=True):
    """All fields of a chat but `tools`, which differ."""

    messages: Annotated[list[WireMessage], Meta(min_length=1)]
    max_completion_tokens: Tokens = None
    logprobs: bool | None = None
    top_logprobs: TopLogprobs = None
    prompt_truncate_len: Tokens = None
    response_format: AnyFormat | None = None
    tool_choice: Literal["auto", "none", "required"] | WireToolChoice | None = None
    parallel_tool_calls: bool | None = None
    reasoning: WireReasoning | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    system_prompt_args: dict[str, Any] | None = None  # Any: values of any JSON type, printed into a template
    use_tools: bool | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    modalities: list[Literal["text"]] | None = None
    functions: Any = None  # Any: refused, whatever it is
    function_call: Any = None


class FunctionBody(Body):
    """The same with OpenAI's `tools`: functions that the model may call."""

    tools: list[WireTool] | None = None


AnyBody = TypeVar("AnyBody", bound=Struct)


class Reader(Generic[AnyBody]):
    """Reads bodies of one kind. Only where a field is unknown, or wrong, is a body looked at twice."""

    def __init__(self, body: type[AnyBody]) -> None:
        known = msgspec.defstruct(f"Known{body.__name__}", [], bases=(body,), forbid_unknown_fields=True)
        self._known = msgspec.json.Decoder(cast("type[AnyBody]", known))
        self._tolerant = msgspec.json.Decoder(body)
        self._keys = msgspec.json.Decoder(dict[str, msgspec.Raw])
        self._fields = frozenset(body.__struct_fields__)

    def read(self, body: bytes, *, strict: bool) -> tuple[AnyBody, tuple[str, ...]]:
        """The body and the names of its fields that nobody here knows; BadRequest names the field and the rule."""
        try:
            return self._known.decode(body), ()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            wire = decode(body, self._tolerant)
        ignored = tuple(name for name in decode(body, self._keys) if name not in self._fields)
        if ignored and strict:
            raise BadRequest(f"{ignored[0]}: unknown field.", param=ignored[0])
        return wire, ignored


class DoorRules(Struct, frozen=True):
    """What a door says where a request says nothing, and how it takes what a request says."""

    name: str = "v1"
    project_first: bool = False
    shortens: bool = False
    identified: bool = False
    scores: bool = False
    stores: bool = False
    prompt_tokens_max: int | None = None
    defaults: Sampling | None = None
    metadata_pairs_max: int = METADATA_PAIRS_MAX


class Asked(Struct, frozen=True):
    """What a dialect reads by itself."""

    ignored: tuple[str, ...] = ()
    session_id: str | None = None
    tool_overrides: tuple[ToolOverride, ...] = ()


def neutral(wire: Body, tools: list[WireTool] | None, asked: Asked, rules: DoorRules) -> ChatRequest:
    """The request that a checked body means; its first fields by position, since so many names cost most of it."""
    limit = wire.prompt_truncate_len
    return ChatRequest(
        wire.model,
        tuple([message(one, i) for i, one in enumerate(wire.messages)]),
        _sampling(wire) if rules.defaults is None else _sampling(wire).filled(rules.defaults),
        1 if wire.n is None else whole(wire.n, "n") or 1,
        tuple([tool(one) for one in tools]) if tools else (),
        tool_choice(wire.tool_choice) if tools else "none",
        wire.parallel_tool_calls is not False,
        response_format(wire.response_format) if wire.response_format else ANY_TEXT,
        _reasoning(wire) if wire.reasoning or wire.reasoning_effort else AS_USUAL,
        wire.stream is True,
        wire.stream_options is not None and wire.stream_options.include_usage is True,
        wire.timeout_secs,
        None if wire.max_ttft_ms is None else wire.max_ttft_ms / 1000,
        prompt_tokens_max=rules.prompt_tokens_max if limit is None else whole(limit, "prompt_truncate_len"),
        prompt_limit_firm=limit is not None,
        shortens=rules.shortens,
        identified=rules.identified,
        scores=rules.scores,
        door=rules.name,
        project_first=rules.project_first,
        user=wire.user,
        session_id=asked.session_id,
        store=wire.store,
        stores=rules.stores,
        labels=wire.all_labels,
        tags=tuple(wire.tags) if wire.tags else (),
        campaign=wire.ab_campaign,
        prices_max=prices_max(wire),
        system_prompt_args=wire.system_prompt_args,
        use_tools=wire.use_tools,
        tool_overrides=asked.tool_overrides,
        ignored_fields=asked.ignored,
    )


def prices_max(wire: GeneratingBody) -> PricesMax:
    """What the caller would pay."""
    most = wire.max_price
    return (None, None) if most is None else (_micro(most.prompt), _micro(most.completion))


def _micro(price: float | None) -> int | None:
    return None if price is None else int(price * MICRO + 0.5)


def session_id(headers: Mapping[bytes, bytes], in_body: str | None) -> str | None:
    """The session, from the header `X-Session-ID` or the body; both may be there if they agree."""
    value = headers.get(SESSION_HEADER)
    if value is None:
        return in_body
    in_header = value.decode("latin-1")
    if not SESSION_ID.fullmatch(in_header):
        raise BadRequest("X-Session-ID: 1 to 256 visible ASCII characters are expected.", param="X-Session-ID")
    if in_body is not None and in_body != in_header:
        raise BadRequest("session_id: differs from the header X-Session-ID.", param="session_id")
    return in_header


def check(wire: Body, tools: list[WireTool] | None, bounds: RequestBounds, rules: DoorRules) -> None:
    """The rules that hold between fields."""
    if wire.functions is not None or wire.function_call is not None:
        name = "functions" if wire.functions is not None else "function_call"
        raise BadRequest(f"{name}: no longer supported, use tools and tool_choice.", param=name)
    if len(wire.messages) > bounds.messages_max:
        raise BadRequest(f"messages: at most {bounds.messages_max} are allowed.", param="messages")
    check_generating(wire, bounds, rules)
    if wire.top_logprobs and not wire.logprobs:
        raise BadRequest("top_logprobs: needs logprobs to be true.", param="top_logprobs")
    if wire.tool_choice not in (None, "none", "auto") and not tools:
        raise BadRequest("tool_choice: needs tools.", param="tool_choice")
    reasoning = wire.reasoning
    if reasoning and reasoning.effort is not None and reasoning.max_tokens is not None:
        raise BadRequest("reasoning: give effort or max_tokens, not both.", param="reasoning")


def check_generating(wire: GeneratingBody, bounds: RequestBounds, rules: DoorRules) -> None:
    """The rules that a text completion has too."""
    if (wire.n or 1) > bounds.n_max:
        raise BadRequest(f"n: at most {bounds.n_max} choices are allowed.", param="n")
    for token in wire.logit_bias or ():
        if not (token.isascii() and token.isdigit() and len(token) <= 9):
            raise BadRequest("logit_bias: keys are token ids.", param="logit_bias")
    if wire.metadata:
        _check_pairs(wire.metadata, "metadata", rules)
    if wire.labels:
        _check_pairs(wire.labels, "labels", rules)


def _check_pairs(pairs: dict[str, str], name: str, rules: DoorRules) -> None:
    if len(pairs) > rules.metadata_pairs_max:
        raise BadRequest(f"{name}: at most {rules.metadata_pairs_max} pairs are allowed.", param=name)
    check_labels(pairs, name)


def _sampling(wire: Body) -> Sampling:
    limit = "max_tokens" if wire.max_completion_tokens is None else "max_completion_tokens"
    max_tokens = wire.max_tokens if wire.max_completion_tokens is None else wire.max_completion_tokens
    top = 0 if wire.top_logprobs is None else whole(wire.top_logprobs, "top_logprobs") or 0
    return sampling(wire, max_tokens if max_tokens is None else whole(max_tokens, limit), wire.logprobs is True, top)


def sampling(wire: GeneratingBody, max_tokens: int | None, logprobs: bool, top_logprobs: int) -> Sampling:
    """How tokens are to be drawn; the three that differ are given."""
    stop = wire.stop
    return Sampling(
        max_tokens,
        wire.temperature,
        wire.top_p,
        wire.top_k if wire.top_k is None else whole(wire.top_k, "top_k"),
        wire.min_p,
        wire.frequency_penalty,
        wire.presence_penalty,
        wire.repeat_penalty if wire.repetition_penalty is None else wire.repetition_penalty,
        wire.seed if wire.seed is None else whole(wire.seed, "seed"),
        wire.logit_bias,
        () if stop is None else (stop,) if isinstance(stop, str) else tuple(stop),
        logprobs,
        top_logprobs,
    )


def _reasoning(wire: Body) -> Reasoning:
    if wire.reasoning is None:
        effort = "xhigh" if wire.reasoning_effort == "max" else wire.reasoning_effort
        return Reasoning(effort=effort)
    return Reasoning(
        effort=wire.reasoning.effort,
        max_tokens=whole(wire.reasoning.max_tokens, "reasoning.max_tokens"),
        exclude=wire.reasoning.exclude is True,
        enabled=wire.reasoning.enabled,
    )
