"""What a server sent back, and how it is read: whatever it holds, reading it is at worst a failed check. Pure."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct

from antiphon.conformance.verdict import Failed
from antiphon.conformance.wire import Chunk, Streamed

T = TypeVar("T")
SHOWN_CHARACTERS_MAX = 200
DONE = b"[DONE]"


class Refusal(Struct, frozen=True):
    """An error, whatever its form; `param` and `code` are there only in OpenAI's."""

    status: int
    message: str
    param: str | None = None
    code: str | None = None


class OpenAIError(Struct, frozen=True):
    """What OpenAI's error object holds."""

    message: str
    param: str | None = None
    code: str | int | None = None
    type: str | None = None


class OpenAIErrorBody(Struct, frozen=True):
    """OpenAI's error body."""

    error: OpenAIError


class Problem(Struct, frozen=True):
    """One finding of a validation, as Nugen lists them."""

    loc: list[str | int]
    msg: str
    type: str


class DetailBody(Struct, frozen=True):
    """Nugen's error body."""

    detail: str | list[Problem]


class StringErrorBody(Struct, frozen=True):
    """Adaptive's error body."""

    error: str


ErrorBody = OpenAIErrorBody | DetailBody | StringErrorBody


class Reply(Struct, frozen=True):
    """A whole answer; the names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def read(self, form: type[T]) -> T:
        """The body in that form; Failed says where it differs."""
        return decode(self.body, form, "The answer")

    @property
    def shown(self) -> str:
        """The body on one line, shortened."""
        return shown(self.body)

    @property
    def refusal(self) -> Refusal:
        """The error that the body tells of, in whichever form."""
        forms: tuple[type[ErrorBody], ...] = (OpenAIErrorBody, DetailBody, StringErrorBody)
        for form in forms:
            try:
                told: ErrorBody = msgspec.json.decode(self.body, type=form)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            return _refusal(self.status, told)
        return Refusal(self.status, self.shown)


def decode(body: bytes, form: type[T], what: str) -> T:
    """JSON in that form; Failed says of `what` where it differs."""
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.ValidationError as error:
        raise Failed(f"{what} is not as documented: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Failed(f"{what} is not JSON: {shown(body)}") from None


def streamed(headers: dict[str, str], payloads: list[bytes]) -> Streamed:
    """The stream that these events make; Failed when one is broken, tells of an error, or follows [DONE]."""
    if not payloads:
        raise Failed(f"The stream holds no event; its type is {headers.get('content-type', 'not said')}.")
    done = payloads[-1] == DONE
    events = payloads[:-1] if done else payloads
    if DONE in events:
        raise Failed("Something follows [DONE].")
    for event in events:
        if b'"error"' in event and b'"choices"' not in event:
            raise Failed(f"The stream broke off: {shown(event)}")
    chunks = tuple(decode(event, Chunk, "An event") for event in events)
    return Streamed(headers, chunks, done, tuple(events))


def shown(body: bytes) -> str:
    """Somebody's bytes on one line, shortened."""
    text = " ".join(body[: 4 * SHOWN_CHARACTERS_MAX].decode(errors="replace").split())
    readable = "".join(character if character.isprintable() else "?" for character in text)
    return readable[:SHOWN_CHARACTERS_MAX] or "nothing"


def _refusal(status: int, told: ErrorBody) -> Refusal:
    if isinstance(told, OpenAIErrorBody):
        code = None if told.error.code is None else str(told.error.code)
        return Refusal(status, told.error.message, told.error.param, code)
    if isinstance(told, StringErrorBody):
        return Refusal(status, told.error)
    if isinstance(told.detail, str):
        return Refusal(status, told.detail)
    return Refusal(status, "; ".join(problem.msg for problem in told.detail))
