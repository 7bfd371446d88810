"""The documented forms of chats: Dria's, OpenAI's (which is DMind's), Nugen's and Adaptive's."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from tests.unit.completions.dialects.documented import (
    Call,
    Finish,
    Fold,
    Logprobs,
    Meaning,
    OpenAIUsage,
    Read,
    Usage,
    counts,
    created_is_a_float,
    events,
    finished_calls,
    listed,
    read,
)


class DriaMessage(Struct):
    """Dria's page shows the content alone."""

    content: str | None
    tool_calls: list[Call] | UnsetType = UNSET


class DriaChoice(Struct):
    """No index, no role."""

    message: DriaMessage
    finish_reason: Finish


class DriaNode(Struct):
    """Who served."""

    node_id: str


class DriaChat(Struct):
    """Dria's answer."""

    id: str
    model: str
    choices: list[DriaChoice]
    usage: Usage
    metadata: DriaNode


class DriaDelta(Struct):
    """Nothing but text."""

    content: str


class DriaDeltaChoice(Struct):
    """Nothing but a delta."""

    delta: DriaDelta


class DriaChunk(Struct):
    """Nothing but choices."""

    choices: list[DriaDeltaChoice]


class OpenAIMessage(Struct):
    """OpenAI's message; thoughts stand where engines have put them."""

    role: Literal["assistant"]
    content: str | None
    refusal: None
    tool_calls: list[Call] | UnsetType = UNSET


class OpenAIChoice(Struct):
    """OpenAI's choice."""

    index: int
    message: OpenAIMessage
    logprobs: Logprobs | None
    finish_reason: Finish


class OpenAIChat(Struct):
    """OpenAI's answer, in full."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[OpenAIChoice]
    usage: OpenAIUsage


class OpenAIDelta(Struct):
    """The role comes once."""

    role: Literal["assistant"] | UnsetType = UNSET
    content: str | UnsetType | None = UNSET
    tool_calls: list[Call] | UnsetType = UNSET


class OpenAIDeltaChoice(Struct):
    """A piece of a choice."""

    index: int
    delta: OpenAIDelta
    logprobs: Logprobs | None
    finish_reason: Finish | None


class OpenAIChunk(Struct):
    """One event."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[OpenAIDeltaChoice]
    usage: OpenAIUsage | UnsetType = UNSET


class NugenMessage(Struct):
    """Thoughts have OpenRouter's name."""

    role: Literal["assistant"]
    content: str | None
    tool_calls: list[Call] | UnsetType = UNSET
    reasoning: str | UnsetType = UNSET


class NugenChoice(Struct):
    """Nugen's choice."""

    index: int
    message: NugenMessage
    finish_reason: Finish


class NugenChat(Struct):
    """Nugen's answer."""

    id: str
    object: Literal["chat.completion"]
    created: float
    model: str
    choices: list[NugenChoice]
    usage: Usage
    confidence_score: float | UnsetType = UNSET


class NugenDelta(Struct):
    """The role comes once."""

    role: Literal["assistant"] | UnsetType = UNSET
    content: str | UnsetType | None = UNSET
    tool_calls: list[Call] | UnsetType = UNSET
    reasoning: str | UnsetType = UNSET


class NugenDeltaChoice(Struct):
    """A piece of a choice."""

    index: int
    delta: NugenDelta
    finish_reason: Finish | None


class NugenChunk(Struct):
    """One event; there is always one choice in it."""

    id: str
    created: float
    model: str
    choices: tuple[NugenDeltaChoice]
    usage: Usage | UnsetType = UNSET
    confidence_score: float | UnsetType = UNSET


class AdaptiveMessage(Struct):
    """The content is always text."""

    id: str
    role: Literal["assistant"]
    content: str
    tool_calls: list[Call] | UnsetType = UNSET


class AdaptiveChoice(Struct):
    """The model stands here, and what feedback is given to."""

    index: int
    completion_id: str
    model: str
    finish_reason: Finish
    message: AdaptiveMessage


class AdaptiveChat(Struct):
    """Adaptive's answer."""

    id: str
    created: int
    session_id: str
    choices: list[AdaptiveChoice]
    usage: Usage


class AdaptiveDelta(Struct):
    """All three strings are in every event."""

    id: str
    role: str
    content: str
    tool_calls: list[Call] | UnsetType = UNSET


class AdaptiveDeltaChoice(Struct):
    """A piece of a choice."""

    index: int
    completion_id: str
    delta: AdaptiveDelta
    finish_reason: Finish | None


class AdaptiveChunk(Struct):
    """One event."""

    id: str
    created: int
    session_id: str
    choices: list[AdaptiveDeltaChoice]
    usage: Usage | UnsetType = UNSET


def dria(body: bytes, exact: bool) -> Meaning:
    """What Dria's answer means."""
    wire = read(body, DriaChat, exact=exact)
    choices = {
        index: Read(one.message.content or "", finished_calls(one.message.tool_calls), one.finish_reason)
        for index, one in enumerate(wire.choices)
    }
    return Meaning(choices, counts(wire.usage))


def dria_stream(body: bytes, exact: bool) -> Meaning:
    """What Dria's stream means: a text."""
    chunks = [read(data, DriaChunk, exact=exact) for data in events(body)]
    assert all(len(chunk.choices) == 1 for chunk in chunks)
    return Meaning({0: Read("".join(chunk.choices[0].delta.content for chunk in chunks))})


def openai(body: bytes, exact: bool) -> Meaning:
    """What OpenAI's answer means."""
    wire = read(body, OpenAIChat, exact=exact)
    choices = {
        one.index: Read(
            text=one.message.content or "",
            calls=finished_calls(one.message.tool_calls),
            finish=one.finish_reason,
            logprobs=listed(one.logprobs),
        )
        for one in wire.choices
    }
    return Meaning(choices, counts(wire.usage))


def openai_stream(body: bytes, exact: bool) -> Meaning:
    """What OpenAI's stream means; the usage has an event of its own, the last."""
    fold = Fold()
    for data in events(body):
        chunk = read(data, OpenAIChunk, exact=exact)
        for one in chunk.choices:
            piece = Read(one.delta.content or "", finish=one.finish_reason, logprobs=listed(one.logprobs))
            fold.add(one.index, piece, one.delta.tool_calls, one.delta.role)
        if chunk.usage:
            assert chunk.choices == []
            fold.told(chunk.usage)
    assert set(fold.roles.values()) == {"assistant"}
    return fold.meaning()


def nugen(body: bytes, exact: bool) -> Meaning:
    """What Nugen's answer means."""
    created_is_a_float(body)
    wire = read(body, NugenChat, exact=exact)
    choices = {
        one.index: Read(
            text=one.message.content or "",
            calls=finished_calls(one.message.tool_calls),
            finish=one.finish_reason,
            reasoning=one.message.reasoning or "",
        )
        for one in wire.choices
    }
    return Meaning(choices, counts(wire.usage), wire.confidence_score if wire.confidence_score is not UNSET else None)


def nugen_stream(body: bytes, exact: bool) -> Meaning:
    """What Nugen's stream means; the last event ends a choice and has the usage."""
    fold = Fold()
    for data in events(body):
        created_is_a_float(data)
    chunks = [read(data, NugenChunk, exact=exact) for data in events(body)]
    for chunk in chunks:
        (one,) = chunk.choices
        piece = Read(one.delta.content or "", finish=one.finish_reason, reasoning=one.delta.reasoning or "")
        fold.add(one.index, piece, one.delta.tool_calls, one.delta.role)
        if chunk.usage:
            assert chunk is chunks[-1]
            assert one.finish_reason
            fold.told(chunk.usage, chunk.confidence_score)
    assert set(fold.roles.values()) == {"assistant"}
    return fold.meaning()


def adaptive(body: bytes, exact: bool) -> Meaning:
    """What Adaptive's answer means."""
    wire = read(body, AdaptiveChat, exact=exact)
    assert all(one.message.id == one.completion_id for one in wire.choices)
    choices = {
        one.index: Read(one.message.content, finished_calls(one.message.tool_calls), one.finish_reason)
        for one in wire.choices
    }
    return Meaning(choices, counts(wire.usage))


def adaptive_stream(body: bytes, exact: bool) -> Meaning:
    """What Adaptive's stream means; the usage has an event of its own, the last."""
    fold = Fold()
    for data in events(body):
        chunk = read(data, AdaptiveChunk, exact=exact)
        for one in chunk.choices:
            piece = Read(one.delta.content, finish=one.finish_reason)
            fold.add(one.index, piece, one.delta.tool_calls, one.delta.role)
        if chunk.usage:
            assert chunk.choices == []
            fold.told(chunk.usage)
    assert set(fold.roles.values()) == {"assistant"}
    return fold.meaning()
