"""A dialect of one's own: a question goes in, an answer comes out, and nothing else is on the wire.

`POST /plain/chat/completions` takes `{"model", "question", "words_max", "stream"}` and gives `{"answer", "tokens"}`,
or one JSON text for each event of a stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from antiphon.chat import ChatRequest, Completion, Delta, Message, Sampling, Usage
from antiphon.completions.dialects import AnswerStream, Head, RequestBounds
from antiphon.http.decode import decode
from antiphon.http.sse import event

TOKENS_OF_A_WORD = 2


class Question(Struct, forbid_unknown_fields=True):
    """The request."""

    model: str
    question: Annotated[str, Meta(min_length=1)]
    words_max: Annotated[int, Meta(ge=1)] | None = None
    stream: bool = False


class Answer(Struct):
    """The plain answer."""

    answer: str
    tokens: int


BODY = Question
ANSWER = Answer
_decoder = msgspec.json.Decoder(Question)


def parse(body: bytes, headers: Mapping[bytes, bytes], bounds: RequestBounds) -> ChatRequest:
    """The neutral request; what does not fit is refused by the field's name."""
    asked = decode(body, _decoder)
    limit = None if asked.words_max is None else asked.words_max * TOKENS_OF_A_WORD
    return ChatRequest(
        model=asked.model,
        messages=(Message("user", asked.question),),
        sampling=Sampling(max_tokens=limit),
        stream=asked.stream,
        door="plain",
    )


def id_prefix(*, dria: bool) -> str:
    """How the ids of answers begin; here nobody sees them."""
    return "plain-"


def render(completion: Completion, head: Head) -> bytes:
    """The plain answer as JSON bytes."""
    return msgspec.json.encode(Answer(completion.choices[0].content or "", completion.usage.completion_tokens))


def stream(head: Head) -> AnswerStream:
    """A renderer of one streamed answer."""
    return Pieces()


class Pieces:
    """The text as it comes, each piece as a JSON text."""

    def delta(self, delta: Delta) -> bytes:
        """One event for each piece of text."""
        return event(msgspec.json.encode(delta.content)) if delta.content else b""

    def end(self, usage: Usage, confidence: float | None) -> bytes:
        """Nothing follows."""
        return b""
