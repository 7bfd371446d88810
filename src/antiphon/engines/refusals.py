"""What an engine's refusal or failure means for the caller: it becomes one of our errors. Pure."""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct

from antiphon.errors import AntiphonError, BadRequest, EngineFailed, EngineLost, Saturated, ServiceError, Unavailable
from antiphon.http.origin import ClientError, ConnectFailed

MESSAGE_CHARACTERS_MAX = 300
SECONDS = re.compile(r"[0-9]{1,9}")
FIELD = re.compile(r"[a-z_]{1,40}")
ERROR_BYTES_MAX = 64 * 1024
RETRY_AFTER_S = 2
RETRY_AFTER_S_MAX = 60
CONTEXT_WORDS = (
    "context length", "context size", "maximum context", "exceed_context", "max_model_len", "input_tokens",
    "is too large to process",
)  # fmt: skip
TOO_LARGE = b"is too large to process"  # llama.cpp answers 500 to a text that has no room in one batch


class _Error(Struct):
    message: str = ""
    type: str = ""
    param: str | None = None
    n_prompt_tokens: int | None = None
    n_ctx: int | None = None


class _Body(Struct):
    error: _Error | str | None = None
    message: str | None = None


def refusal(status: int, headers: dict[bytes, bytes], body: bytes, param: str = "messages") -> AntiphonError:
    """The error to raise for an answer whose status is not 200; `param` is the field that may have been too long."""
    if status in (429, 503):
        return Saturated("Every node that serves this model is busy.", retry_after_s=_retry_after_s(headers))
    if status in (400, 413, 422) or (status == 500 and TOO_LARGE in body):
        return _bad_request(body, param)
    return EngineFailed(f"The engine refused with status {status}.")


def failure(error: ClientError) -> ServiceError:
    """What a failed exchange means to the caller."""
    if isinstance(error, ConnectFailed):
        return Unavailable("The node that serves this model cannot be reached.", retry_after_s=RETRY_AFTER_S)
    return EngineLost()


def _retry_after_s(headers: dict[bytes, bytes]) -> int:
    value = headers.get(b"retry-after", b"").decode("latin-1")
    return min(max(int(value), 1), RETRY_AFTER_S_MAX) if SECONDS.fullmatch(value) else 1


def _bad_request(body: bytes, field: str) -> AntiphonError:
    error = _read(body)
    text = f"{error.type} {error.message}".lower()
    if any(words in text for words in CONTEXT_WORDS):
        size = f" ({error.n_prompt_tokens} tokens, {error.n_ctx} fit)" if error.n_prompt_tokens else ""
        what = "the text does" if field == "input" else "the prompt and max_tokens do"
        message = f"{field}: {what} not fit the model's context{size}."
        return BadRequest(message, param=field, code="context_length_exceeded")
    detail = " ".join(error.message.split())[:MESSAGE_CHARACTERS_MAX]
    param = (error.param or "").removeprefix("body.")
    known = param if FIELD.fullmatch(param) else None
    message = f"The model cannot take this request: {detail or 'no reason given'}"
    return BadRequest(message, param=known, code="engine_refused")


def _read(body: bytes) -> _Error:
    try:
        parsed = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Error()
    if isinstance(parsed.error, _Error):
        return parsed.error
    return _Error(message=parsed.error or parsed.message or "")
