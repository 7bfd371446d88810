"""The dialect seam: one vendor's wire format, from bytes to neutral words and back. Pure, and blind to other dialects.

A dialect is a module with the names of `Dialect`; `doors.py` lists them with their addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from msgspec import Struct

from antiphon.chat import ChatRequest, Completion, Delta, EmbeddingRequest, Embeddings, Usage
from antiphon.errors import AntiphonError
from antiphon.interactions.model import Parameters


class RequestBounds(Struct, frozen=True):
    """What one request may hold."""

    n_max: int
    messages_max: int
    prompts_max: int = 128
    inputs_max: int = 2048
    strict_fields: bool = False


class Echo(Struct, frozen=True):
    """What was asked for, where the vendor's answers say it again."""

    parameters: Parameters
    labels: dict[str, str] = {}
    user: str | None = None
    stored: bool = False


class Head(Struct, frozen=True):
    """What every part of one answer repeats.

    `created` is in seconds since 1970. `completion_ids` has one id a choice where completions can be referred to
    later. `exact`: only what the vendor documents is shown; `dria` tells its users from others at the same address.
    `echo` is there at doors that want it.
    """

    id: str
    created: float
    model: str
    node: str = ""
    session_id: str | None = None
    completion_ids: tuple[str, ...] = ()
    include_usage: bool = False
    exact: bool = False
    dria: bool = False
    echo: Echo | None = None


class AnswerStream(Protocol):
    """One answer's events, in order."""

    def delta(self, delta: Delta) -> bytes:
        """The events of one delta."""
        ...

    def end(self, usage: Usage, confidence: float | None) -> bytes:
        """The events that follow the last delta, without the closing mark."""
        ...


@runtime_checkable
class FailingStream(Protocol):
    """An answer's events, where the vendor has some for an answer that fails; the error itself follows them."""

    def failed(self, error: AntiphonError) -> bytes:
        """The events that tell of it."""
        ...


class Dialect(Protocol):
    """What a dialect's module holds. `BODY` and `ANSWER` are the structs that the OpenAPI document shows."""

    @property
    def BODY(self) -> type[Struct]:  # noqa: N802 - a constant of a module
        """The request's struct."""
        ...

    @property
    def ANSWER(self) -> type[Struct]:  # noqa: N802 - a constant of a module
        """The plain answer's struct."""
        ...

    def parse(self, body: bytes, headers: Mapping[bytes, bytes], bounds: RequestBounds) -> ChatRequest:
        """Read and check a request; BadRequest names the field and the rule."""
        ...

    def id_prefix(self, *, dria: bool) -> str:
        """How the ids of answers begin."""
        ...

    def render(self, completion: Completion, head: Head) -> bytes:
        """The plain answer as JSON bytes."""
        ...

    def stream(self, head: Head) -> AnswerStream:
        """A renderer of one streamed answer."""
        ...


class EmbeddingDialect(Protocol):
    """What a module holds that speaks a vendor's embeddings."""

    @property
    def BODY(self) -> type[Struct]:  # noqa: N802 - a constant of a module
        """The request's struct."""
        ...

    @property
    def ANSWER(self) -> type[Struct]:  # noqa: N802 - a constant of a module
        """The answer's struct."""
        ...

    def parse(self, body: bytes, headers: Mapping[bytes, bytes], bounds: RequestBounds) -> EmbeddingRequest:
        """Read and check a request; BadRequest names the field and the rule."""
        ...

    def id_prefix(self, *, dria: bool) -> str:
        """How the ids of answers begin."""
        ...

    def render(self, embeddings: Embeddings, head: Head, *, base64: bool) -> bytes:
        """The answer as JSON bytes."""
        ...
