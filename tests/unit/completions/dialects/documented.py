"""Answers as each vendor documents them: a strict reading of plain bodies and of streams, and what they mean.

Written from the vendors' pages, not from the dialects. A type that is not the documented one is an error; with
`exact`, so is a field that is not documented.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

Finish = Literal["stop", "length", "tool_calls", "content_filter"]
Wire = TypeVar("Wire", bound=Struct)
CREATED = re.compile(rb'"created":([^,}]+)')


class Read(Struct):
    """What is read of one choice; None where the form has no place for it."""

    text: str = ""
    calls: tuple[tuple[str, str, str], ...] = ()
    finish: str | None = None
    reasoning: str = ""
    logprobs: tuple[tuple[str, float], ...] = ()


class Meaning(Struct):
    """What an answer means: its choices by index, prompt and completion tokens, its confidence."""

    choices: dict[int, Read]
    usage: tuple[int, int] | None = None
    confidence: float | None = None


class Function(Struct):
    """A called function; in a stream the name comes once."""

    arguments: str
    name: str | UnsetType = UNSET


class Call(Struct):
    """A call; in a stream its id and kind come once, its index always."""

    function: Function
    id: str | UnsetType = UNSET
    type: Literal["function"] | UnsetType = UNSET
    index: int | UnsetType = UNSET


class Usage(Struct):
    """The three counts."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Cached(Struct):
    """OpenAI's count of what was at hand."""

    cached_tokens: int


class Thought(Struct):
    """OpenAI's count of what was thought."""

    reasoning_tokens: int


class OpenAIUsage(Usage):
    """The three counts, told apart further."""

    prompt_tokens_details: Cached
    completion_tokens_details: Thought


class Token(Struct):
    """A token and its log-probability."""

    token: str
    logprob: float
    bytes: list[int] | None


class ListedToken(Token):
    """The same with the likeliest tokens in its place."""

    top_logprobs: list[Token]


class Logprobs(Struct):
    """All tokens of the content."""

    content: list[ListedToken]
    refusal: None


class TextLogprobs(Struct):
    """The older form: parallel lists."""

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]]
    text_offset: list[int]


def read(body: bytes, kind: type[Wire], *, exact: bool) -> Wire:
    """One JSON object as documented; with `exact`, without anything else in it."""
    wire = msgspec.json.decode(body, type=kind)
    if exact:
        known, sent = msgspec.json.decode(msgspec.json.encode(wire)), msgspec.json.decode(body)
        assert known == sent, f"not documented: {sent} is more than {known}"
    return wire


def events(stream: bytes) -> list[bytes]:
    """The data of a stream's events, each of one line."""
    *whole, rest = stream.split(b"\n\n")
    assert rest == b""
    assert all(one.startswith(b"data: ") and b"\n" not in one for one in whole)
    return [one.removeprefix(b"data: ") for one in whole]


def created_is_a_float(body: bytes) -> None:
    """Fails unless `created` is written as Nugen writes it, with a fraction even where that is zero."""
    found = CREATED.search(body)
    assert found
    assert set(b".e") & set(found[1])


def counts(usage: Usage) -> tuple[int, int]:
    """Prompt and completion tokens; the third count is their sum."""
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    return usage.prompt_tokens, usage.completion_tokens


def finished_calls(calls: list[Call] | UnsetType) -> tuple[tuple[str, str, str], ...]:
    """The calls of a plain answer: id, name, arguments."""
    return tuple(_call(one.id, one.function.name, one.function.arguments, one.type) for one in calls or ())


def listed(logprobs: Logprobs | UnsetType | None) -> tuple[tuple[str, float], ...]:
    """Tokens and their log-probabilities."""
    return tuple((one.token, one.logprob) for one in logprobs.content) if logprobs else ()


class Fold:
    """Puts the pieces of a streamed answer together, as the vendors' clients do."""

    def __init__(self) -> None:
        self._meaning = Meaning({})
        self._calls: dict[int, list[list[str]]] = {}
        self.roles: dict[int, str] = {}

    def add(
        self, index: int, piece: Read, calls: list[Call] | UnsetType = UNSET, role: str | UnsetType = UNSET
    ) -> None:
        """A piece of choice `index`."""
        read = self._meaning.choices.setdefault(index, Read())
        assert read.finish is None, "a piece after the end"
        read.text += piece.text
        read.reasoning += piece.reasoning
        read.logprobs += piece.logprobs
        read.finish = piece.finish
        self.roles[index] = self.roles.get(index, "") + (role or "")
        for call in calls or ():
            self._add_call(self._calls.setdefault(index, []), call)

    def _add_call(self, calls: list[list[str]], call: Call) -> None:
        assert call.index is not UNSET
        if call.index == len(calls):
            calls.append([call.id or "", call.function.name or "", ""])
            assert call.type == "function"
        else:
            assert call.id is UNSET
            assert call.function.name is UNSET
        calls[call.index][2] += call.function.arguments

    def told(self, usage: Usage, confidence: float | UnsetType = UNSET) -> None:
        """The usage, which comes once, and after all ends."""
        assert self._meaning.usage is None
        assert all(read.finish for read in self._meaning.choices.values())
        self._meaning.usage = counts(usage)
        self._meaning.confidence = None if confidence is UNSET else confidence

    def meaning(self) -> Meaning:
        """The whole."""
        for index, calls in self._calls.items():
            self._meaning.choices[index].calls = tuple(
                _call(call_id, name, arguments, "function") for call_id, name, arguments in calls
            )
        return self._meaning


Reader = Callable[[bytes, bool], Meaning]


def _call(
    call_id: str | UnsetType, name: str | UnsetType, arguments: str, kind: str | UnsetType
) -> tuple[str, str, str]:
    assert call_id
    assert name
    assert kind == "function"
    return call_id, name, arguments
