"""The shapes of OpenAI's answers, on which every dialect builds, and how neutral words become them. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from antiphon.chat import Choice, Delta, Logprob, ToolCall, ToolCallDelta, Usage
from antiphon.credits.money import usdc_number


class WireFunction(Struct, omit_defaults=True):
    """A called function; in a delta the name comes once."""

    name: str | UnsetType = UNSET
    arguments: str | UnsetType = UNSET


class WireCall(Struct, omit_defaults=True):
    """A tool call, or a piece of one (`index` only in a stream)."""

    function: WireFunction
    index: int | UnsetType = UNSET
    id: str | UnsetType = UNSET
    type: Literal["function"] | UnsetType = UNSET


class WireLogprobs(Struct):
    """Log-probabilities of the content's tokens."""

    content: list[Logprob]
    refusal: None = None


class CachedTokens(Struct):
    """How many prompt tokens the engine had at hand."""

    cached_tokens: int


class ReasoningTokens(Struct):
    """How many completion tokens were thinking."""

    reasoning_tokens: int


Cost = Annotated[msgspec.Raw, Meta(description="USDC, exact to a millionth.", extra_json_schema={"type": "number"})]


class BareUsage(Struct):
    """Token counts, all choices together."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class WireUsage(BareUsage):
    """The same, told apart further; with what the request cost where it is charged."""

    prompt_tokens_details: CachedTokens
    completion_tokens_details: ReasoningTokens
    cost: Cost | UnsetType = UNSET


def usage(usage: Usage) -> WireUsage:
    """All counts."""
    return WireUsage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.total_tokens,
        prompt_tokens_details=CachedTokens(usage.cached_tokens),
        completion_tokens_details=ReasoningTokens(usage.reasoning_tokens),
        cost=UNSET if usage.cost is None else cost(usage.cost),
    )


def cost(micro_usdc: int) -> msgspec.Raw:
    """An amount as an exact number, which never was a floating-point one here."""
    return msgspec.Raw(usdc_number(micro_usdc))


def bare_usage(usage: Usage) -> BareUsage:
    """The three counts that every vendor documents."""
    return BareUsage(usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)


def logprobs(choice: Choice | Delta) -> WireLogprobs | None:
    """The entries, None where there are none."""
    if isinstance(choice, Delta):
        return WireLogprobs(list(choice.logprobs)) if choice.logprobs else None
    return None if choice.logprobs is None else WireLogprobs(list(choice.logprobs))


def calls(choice: Choice) -> list[WireCall] | UnsetType:
    """The finished calls."""
    return [_call(call) for call in choice.tool_calls] if choice.tool_calls else UNSET


def call_deltas(delta: Delta) -> list[WireCall] | UnsetType:
    """The pieces of calls."""
    return [_call_delta(call) for call in delta.tool_calls] if delta.tool_calls else UNSET


def _call(call: ToolCall) -> WireCall:
    return WireCall(id=call.id, type="function", function=WireFunction(name=call.name, arguments=call.arguments))


def _call_delta(call: ToolCallDelta) -> WireCall:
    wire = WireCall(index=call.index, function=WireFunction(arguments=call.arguments))
    if call.id is not None:
        wire.id, wire.type = call.id, "function"
    if call.name is not None:
        wire.function.name = call.name
    return wire


class ChoiceOrder:
    """Begins choices in their order, whichever speaks first: openai-python's stream helper finds them by position.

    With log-probabilities the role comes alone: openai-node's helper would count those of a first event twice.
    A stream of events subclasses it and says how one event looks.
    """

    def __init__(self) -> None:
        self.begun = 0

    def begin(self, delta: Delta) -> bytes:
        """The roles of all choices up to this one, and its first delta."""
        alone = delta.index + 1 if delta.logprobs else delta.index
        roles = [self.event(Delta(index=i), begins=True) for i in range(self.begun, alone)]
        self.begun = delta.index + 1
        return b"".join([*roles, self.event(delta, begins=not delta.logprobs)])

    def event(self, delta: Delta, *, begins: bool = False) -> bytes:
        """One event; with the role where it `begins` a choice."""
        raise NotImplementedError
