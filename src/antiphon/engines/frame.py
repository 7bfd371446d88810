"""What every answer of an engine has around its choices, whatever was asked of it: its usage, or an error. Pure."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct

from antiphon.chat import FinishReason, TokenCount, Usage
from antiphon.engines.refusals import refusal
from antiphon.errors import EngineFailed

FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
NO_ERROR = msgspec.Raw(b"null")


class _PromptDetails(Struct):
    cached_tokens: TokenCount | None = None


class _CompletionDetails(Struct):
    reasoning_tokens: TokenCount | None = None


class _Usage(Struct):
    prompt_tokens: TokenCount = 0
    completion_tokens: TokenCount = 0
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


class Frame(Struct):
    """An answer, or a chunk of a stream, without what it says."""

    usage: _Usage | None = None
    error: msgspec.Raw = NO_ERROR


class _Error(Struct):
    code: int | None = None


F = TypeVar("F", bound=Frame)


def read(decoder: msgspec.json.Decoder[F], payload: bytes) -> F:
    """The answer; EngineFailed, or the engine's refusal, when it is an error or not what the decoder takes."""
    try:
        answer = decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EngineFailed("The engine's answer is not the JSON it should be.") from error
    if answer.error is not NO_ERROR:
        _refuse(answer.error)
    return answer


def _refuse(error: msgspec.Raw) -> None:
    """For an error inside an answer whose status was 200: EngineFailed, unless it says that the request is at fault."""
    if bytes(error) == b"null":
        return
    try:
        code = msgspec.json.decode(error, type=_Error).code
    except msgspec.DecodeError:
        code = None  # it is a text, or has a code of another kind
    if code == 400:
        raise refusal(code, {}, b'{"error":%b}' % bytes(error))
    raise EngineFailed("The engine reported an error while it generated the answer.")


def usage_of(answer: Frame) -> Usage | None:
    """What the engine says that it took, None when it says nothing."""
    told = answer.usage
    if told is None:
        return None
    prompt, completion = told.prompt_tokens_details, told.completion_tokens_details
    return Usage(
        prompt_tokens=told.prompt_tokens,
        completion_tokens=told.completion_tokens,
        cached_tokens=(prompt.cached_tokens or 0) if prompt else 0,
        reasoning_tokens=(completion.reasoning_tokens or 0) if completion else 0,
    )


def finish_reason(told: str | None) -> FinishReason | None:
    """The neutral word for an engine's; what nobody knows is a stop."""
    return None if told is None else FINISH_REASONS.get(told, "stop")


def ended(told: str | None) -> FinishReason:
    """The reason that a whole answer must have; EngineFailed without one."""
    reason = finish_reason(told)
    if reason is None:
        raise EngineFailed("The engine's answer has no finish_reason.")
    return reason
