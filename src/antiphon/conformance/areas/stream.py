"""Streams: the same answer in pieces, with each promise of the format kept once."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from msgspec import Struct

from antiphon.conformance.areas.plain import STORY
from antiphon.conformance.check import Check
from antiphon.conformance.reply import decode
from antiphon.conformance.server import Server, answered, served
from antiphon.conformance.verdict import expect

GREEDY = {"temperature": 0, "max_tokens": 12}
WITH_USAGE = {"stream_options": {"include_usage": True}}


class ShapeEvent(Struct):
    """What OpenAI's packages need in every event."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str


async def events(server: Server) -> None:
    """Every event has id, object, created and model, and they do not change."""
    stream = await server.stream()
    heads = [decode(payload, ShapeEvent, "An event") for payload in stream.payloads]
    different = {(head.id, head.created, head.model) for head in heads}
    expect(len(different) == 1, f"The events have {len(different)} different heads.")


async def role(server: Server) -> None:
    """The role comes with the first piece and not again, since packages put the roles together."""
    roles = [piece.delta.role for piece in (await server.stream()).pieces() if piece.delta.role]
    expect(roles == ["assistant"], f"The roles are {roles}.")


async def end(server: Server) -> None:
    """One reason for the end, with the last piece, and then [DONE]."""
    stream = await server.stream(STORY, max_tokens=4, temperature=0)
    reasons = [piece.finish_reason for piece in stream.pieces()]
    expect(reasons[-1:] == ["length"], f"The last piece has the reason {reasons[-1:]}.")
    expect(reasons.count(None) == len(reasons) - 1, f"The reasons are {reasons}.")
    expect(stream.done, "The stream ended without [DONE].")


async def pieces(server: Server) -> None:
    """Text is passed on as it is generated, not all at the end."""
    came = [piece for piece in (await server.stream(STORY, **GREEDY)).pieces() if piece.delta.content]
    expect(len(came) >= 3, f"12 tokens came in {len(came)} pieces.")


async def same_text(server: Server) -> None:
    """A stream says what a plain answer says, and ends for the same reason."""
    plain = (await server.ask(STORY, **GREEDY)).first
    stream = await server.stream(STORY, **GREEDY)
    expect(stream.text() == plain.text, f"The stream says {stream.text()!r}, the plain answer {plain.text!r}.")
    expect(stream.reasons() == [plain.finish_reason], f"The reasons are {stream.reasons()}, {plain.finish_reason!r}.")


async def no_usage(server: Server) -> None:
    """Without `include_usage` no event has a usage."""
    for options in (None, {"include_usage": False}):
        usages = (await server.stream(max_tokens=2, stream_options=options)).usages
        expect(not usages, f"With stream_options {options} there is a usage.")


async def usage(server: Server) -> None:
    """With `include_usage` the last event has no choice and the usage of the plain answer."""
    plain = (await server.ask(STORY, **GREEDY)).spent
    stream = await server.stream(STORY, **GREEDY, **WITH_USAGE)
    expect(len(stream.usages) == 1, f"There are {len(stream.usages)} usages.")
    expect(not stream.chunks[-1].choices, "The last event has choices.")
    found = stream.usages[0]
    told = (found.prompt_tokens, found.completion_tokens, found.total_tokens)
    wanted = (plain.prompt_tokens, plain.completion_tokens, plain.total_tokens)
    expect(told == wanted, f"The stream counts {told}, the plain answer {wanted}.")


async def head(server: Server) -> None:
    """The head says that it is an event stream, which nothing may keep or compress."""
    headers = (await server.stream(max_tokens=1)).headers
    kind = headers.get("content-type", "")
    expect(kind.startswith("text/event-stream"), f"The type is {kind!r}.")
    expect("content-encoding" not in headers, f"It is compressed: {headers.get('content-encoding')}.")


async def body_decides(server: Server) -> None:
    """Whether it streams is decided by the body, whatever the Accept header names."""
    for accept in ("text/event-stream", "*/*"):
        body = server.body(max_tokens=1) | {"stream": False}
        reply = await server.send("POST", "/chat/completions", body, headers=(("accept", accept),))
        kind = reply.headers.get("content-type", "")
        answered(served(reply))
        expect(kind.startswith("application/json"), f"With Accept {accept} a plain answer has the type {kind!r}.")


async def options_without_stream(server: Server) -> None:
    """`stream_options` without a stream do no harm, as some clients always send them."""
    await server.ask(max_tokens=1, stream_options={})


async def refusal(server: Server) -> None:
    """What is wrong is refused with a status before a stream begins."""
    reply = await server.send("POST", "/chat/completions", server.body(messages="hi") | {"stream": True})
    expect(reply.status == HTTPStatus.BAD_REQUEST, f"It answers {reply.status} instead of 400.")
    kind = reply.headers.get("content-type", "")
    expect(not kind.startswith("text/event-stream"), "The refusal is an event stream.")


CHECKS = (
    Check("stream", events, "OpenAI"),
    Check("stream", role, "OpenAI"),
    Check("stream", end, "OpenAI, Dria"),
    Check("stream", pieces, "OpenAI, Dria"),
    Check("stream", same_text, "OpenAI"),
    Check("stream", no_usage, "OpenAI"),
    Check("stream", usage, "OpenAI"),
    Check("stream", head, "OpenAI, Dria"),
    Check("stream", body_decides, "OpenAI"),
    Check("stream", options_without_stream, "Adaptive"),
    Check("stream", refusal, "OpenAI"),
)
