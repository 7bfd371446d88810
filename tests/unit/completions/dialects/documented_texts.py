"""The documented forms of text completions: OpenAI's, Nugen's and Adaptive's. An event has the form of an answer."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from tests.unit.completions.dialects.documented import (
    Finish,
    Fold,
    Meaning,
    OpenAIUsage,
    Read,
    TextLogprobs,
    Usage,
    counts,
    created_is_a_float,
    events,
    read,
)


class OpenAITextChoice(Struct):
    """A choice, or a piece of one."""

    index: int
    text: str
    logprobs: TextLogprobs | None
    finish_reason: Finish | None


class OpenAIText(Struct):
    """OpenAI's answer."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[OpenAITextChoice]
    usage: OpenAIUsage | UnsetType = UNSET


class NugenTextChoice(Struct):
    """A choice, or a piece of one."""

    index: int
    text: str
    finish_reason: Finish | None


class NugenText(Struct):
    """Nugen's answer; of a stream's events only the last one has the usage."""

    id: str
    object: Literal["text_completion"]
    created: float
    model: str
    choices: tuple[NugenTextChoice, ...]
    usage: Usage | UnsetType = UNSET
    confidence_score: float | UnsetType = UNSET


class AdaptiveTextChoice(Struct):
    """A choice, or a piece of one."""

    index: int
    text: str
    completion_id: str
    model: str
    finish_reason: Finish | None


class AdaptiveText(Struct):
    """Adaptive's answer."""

    id: str
    created: int
    session_id: str
    choices: list[AdaptiveTextChoice]
    usage: Usage | UnsetType = UNSET


def listed(logprobs: TextLogprobs | None, offset: int = 0) -> tuple[tuple[str, float], ...]:
    """Tokens and their log-probabilities; lists are parallel, and offsets follow from the tokens before."""
    if logprobs is None:
        return ()
    for token, at, likeliest in zip(logprobs.tokens, logprobs.text_offset, logprobs.top_logprobs, strict=True):
        assert at == offset
        assert token in likeliest
        offset += len(token)
    return tuple(zip(logprobs.tokens, logprobs.token_logprobs, strict=True))


def openai(body: bytes, exact: bool) -> Meaning:
    """What OpenAI's answer means."""
    wire = read(body, OpenAIText, exact=exact)
    assert wire.usage
    choices = {
        one.index: Read(one.text, finish=one.finish_reason, logprobs=listed(one.logprobs)) for one in wire.choices
    }
    return Meaning(choices, counts(wire.usage))


def openai_stream(body: bytes, exact: bool) -> Meaning:
    """What OpenAI's stream means; the usage has an event of its own, the last."""
    fold = Fold()
    lengths: dict[int, int] = {}
    for data in events(body):
        chunk = read(data, OpenAIText, exact=exact)
        for one in chunk.choices:
            logprobs = listed(one.logprobs, lengths.get(one.index, 0))
            lengths[one.index] = lengths.get(one.index, 0) + sum(len(token) for token, _ in logprobs)
            fold.add(one.index, Read(one.text, finish=one.finish_reason, logprobs=logprobs))
        if chunk.usage:
            assert chunk.choices == []
            fold.told(chunk.usage)
    return fold.meaning()


def nugen(body: bytes, exact: bool) -> Meaning:
    """What Nugen's answer means."""
    created_is_a_float(body)
    wire = read(body, NugenText, exact=exact)
    assert wire.usage
    choices = {one.index: Read(one.text, finish=one.finish_reason) for one in wire.choices}
    return Meaning(choices, counts(wire.usage), None if wire.confidence_score is UNSET else wire.confidence_score)


def nugen_stream(body: bytes, exact: bool) -> Meaning:
    """What Nugen's stream means; the last event ends a choice and has the usage."""
    fold = Fold()
    for data in events(body):
        created_is_a_float(data)
    chunks = [read(data, NugenText, exact=exact) for data in events(body)]
    for chunk in chunks:
        (one,) = chunk.choices
        fold.add(one.index, Read(one.text, finish=one.finish_reason))
        if chunk.usage:
            assert chunk is chunks[-1]
            assert one.finish_reason
            fold.told(chunk.usage, chunk.confidence_score)
    return fold.meaning()


def adaptive(body: bytes, exact: bool) -> Meaning:
    """What Adaptive's answer means."""
    wire = read(body, AdaptiveText, exact=exact)
    assert wire.usage
    return Meaning({one.index: Read(one.text, finish=one.finish_reason) for one in wire.choices}, counts(wire.usage))


def adaptive_stream(body: bytes, exact: bool) -> Meaning:
    """What Adaptive's stream means; the usage has an event of its own, the last."""
    fold = Fold()
    for data in events(body):
        chunk = read(data, AdaptiveText, exact=exact)
        for one in chunk.choices:
            fold.add(one.index, Read(one.text, finish=one.finish_reason))
        if chunk.usage:
            assert chunk.choices == []
            fold.told(chunk.usage)
    return fold.meaning()
