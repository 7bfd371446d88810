"""What an attempt asks for and what it gives, as bytes: jobs, texts to embed, whole answers. Pure.

A node is a stranger: it is told nothing of who asks, and what it sends is decoded into our own types or refused.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from antiphon.chat import (
    Choice,
    Image,
    Message,
    Prompt,
    ResponseFormat,
    Role,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    Usage,
    Vector,
)
from antiphon.engines import Job, ModelFacts
from antiphon.engines.receipt import SignedReceipt
from antiphon.engines.thought import Thinking
from antiphon.errors import EngineFailed

T = TypeVar("T")
# These go on to an engine in headers.
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{0,128}\Z")]
TraceParent = Annotated[str, Meta(pattern=r"^([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})?\Z")]
TraceState = Annotated[str, Meta(pattern=r"^[ -~]{0,512}\Z")]


class _Part(Struct, frozen=True):
    """A text or an image: whichever is there."""

    text: str | None = None
    url: str = ""


class _Message(Struct, frozen=True):
    role: Role
    content: str | tuple[_Part, ...] | None = None
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    reasoning: str | None = None


class _Job(Struct, frozen=True):
    """A job as a node reads it, in the order of `Job`'s fields."""

    model: str
    messages: tuple[_Message, ...] = ()
    sampling: Sampling = Sampling()
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    grammar: str | None = None
    response_format: ResponseFormat = ResponseFormat()
    thinking: Thinking | None = None
    prompt: Prompt | None = None
    calls_in_text: bool = False
    attempt: Id = ""
    deadline_s: float | None = None
    request_id: Id = ""
    traceparent: TraceParent = ""
    tracestate: TraceState = ""


class Texts(Struct, frozen=True):
    """What is to be embedded."""

    model: str
    inputs: tuple[Prompt, ...]


class WholeAnswer(Struct, frozen=True):
    """A choice in one piece."""

    choice: Choice
    usage: Usage
    receipt: SignedReceipt | None = None


class Vectors(Struct, frozen=True):
    """What became of texts."""

    vectors: tuple[Vector, ...]
    usage: Usage


encode = msgspec.msgpack.Encoder().encode
read_texts = msgspec.msgpack.Decoder(Texts).decode
_job = msgspec.msgpack.Decoder(_Job)
answers = msgspec.msgpack.Decoder(WholeAnswer)
vectors = msgspec.msgpack.Decoder(Vectors)
counts: msgspec.msgpack.Decoder[int | None] = msgspec.msgpack.Decoder(int | None)
facts = msgspec.msgpack.Decoder(list[ModelFacts])


def for_node(job: Job) -> Job:
    """The job without what is only of interest here: who asks, and what was noted on turns."""
    messages = job.messages
    for message in messages:
        if message.completion_id is not None or message.metadata is not None:
            messages = tuple(replace(turn, completion_id=None, metadata=None) for turn in messages)
            break
    return replace(job, messages=messages, user=None)


def read_job(body: bytes) -> Job:
    """The job that a gateway sent; DecodeError when it is none."""
    told = _job.decode(body)
    fields = {name: getattr(told, name) for name in told.__struct_fields__}
    fields["messages"] = tuple(_message(message) for message in told.messages)
    return Job(**fields)


def read(decoder: msgspec.msgpack.Decoder[T], body: bytes) -> T:
    """What a node sent; EngineFailed when it is something else."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise EngineFailed("The node's answer is not what it should be.") from error


def _message(told: _Message) -> Message:
    content = told.content
    if isinstance(content, tuple):
        parts = tuple(Image(part.url) if part.text is None else Text(part.text) for part in content)
        return Message(told.role, parts, told.name, told.tool_calls, told.tool_call_id, told.reasoning)
    return Message(told.role, content, told.name, told.tool_calls, told.tool_call_id, told.reasoning)
