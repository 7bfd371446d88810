"""Adaptive Engine's door: projects, ids of completions, strings in every event, and its errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from msgspec import Meta, Struct

from antiphon.conformance.areas import choices, errors, text, vision
from antiphon.conformance.areas.plain import STORY, ShapeUsage
from antiphon.conformance.areas.tools import TOOLS, named
from antiphon.conformance.check import Check
from antiphon.conformance.reply import Reply, StringErrorBody, decode
from antiphon.conformance.server import Server, refused, unserved
from antiphon.conformance.verdict import Failed, Lacking, expect, offered

Uuid = Annotated[str, Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class AdaptiveMessage(Struct):
    """A message whose content is always text."""

    id: str
    role: str
    content: str


class AdaptiveChoice(Struct):
    """A choice with the id that feedback is given to."""

    index: int
    completion_id: Uuid
    model: str
    finish_reason: str
    message: AdaptiveMessage


class AdaptiveAnswer(Struct):
    """A plain answer; it always has a session."""

    id: str
    created: int | float
    session_id: Uuid
    choices: list[AdaptiveChoice]
    usage: ShapeUsage


class AdaptivePiece(Struct):
    """A piece of a choice; the three strings of its delta are in every event."""

    index: int
    completion_id: Uuid
    delta: AdaptiveMessage


class AdaptiveChunk(Struct):
    """One event."""

    id: str
    created: int | float
    session_id: Uuid
    choices: list[AdaptivePiece]
    usage: ShapeUsage | None = None


async def _good(server: Server, **fields: object) -> Reply:
    return await server.good(server.body(**fields))


async def shape(server: Server) -> None:
    """An answer has a session, and each choice its model and a `completion_id`, a UUID."""
    answer = (await _good(server)).read(AdaptiveAnswer)
    expect(len(answer.choices) == 1, f"There are {len(answer.choices)} choices.")


async def project(server: Server) -> None:
    """A project alone stands for its default model, which the choice names."""
    reply = await _good(server, model=server.subject.project)
    expect(bool(reply.read(AdaptiveAnswer).choices[0].model), "The choice names no model.")


async def stream(server: Server) -> None:
    """Every event has id, role and content as strings, its completion's id and the session."""
    found = await server.stream(STORY, max_tokens=4)
    events = [decode(payload, AdaptiveChunk, "An event") for payload in found.payloads]
    roles = [piece.delta.role for event in events for piece in event.choices]
    expect(roles[:1] == ["assistant"], f"The first role is {roles[:1]}.")
    expect(not any(roles[1:]), f"The roles are {roles}: only the first may say something.")
    ids = {piece.completion_id for event in events for piece in event.choices}
    expect(len(ids) == 1, f"One completion has {len(ids)} ids.")
    expect(len({event.session_id for event in events}) == 1, "The session changes.")
    expect(found.done, "The stream ended without [DONE].")


async def usage(server: Server) -> None:
    """With `include_usage` one more event has an empty list of choices and the usage."""
    found = await server.stream(max_tokens=2, stream_options={"include_usage": True})
    last = decode(found.payloads[-1], AdaptiveChunk, "The last event")
    expect(last.choices == [], "The last event has choices.")
    expect(last.usage is not None, "The last event has no usage.")


async def options_without_stream(server: Server) -> None:
    """`stream_options` without a stream do no harm: Adaptive's client always sends them."""
    await server.ask(max_tokens=1, stream_options={})


async def zero_tokens(server: Server) -> None:
    """`max_tokens` 0 gives an empty answer that says `length`."""
    choice = (await server.ask(max_tokens=0)).first
    expect(choice.text == "", f"It says {choice.text!r}.")
    expect(choice.finish_reason == "length", f"The reason is {choice.finish_reason!r}.")


async def completion_ids(server: Server) -> None:
    """Each of several choices has a `completion_id` of its own."""
    answer = (await _good(server, n=2)).read(AdaptiveAnswer)
    offered(len(answer.choices) == 2, f"There are {len(answer.choices)} choices.")
    expect(len({choice.completion_id for choice in answer.choices}) == 2, "Two choices have one id.")


async def n(server: Server) -> None:
    """The completion's tokens are the sum over all choices; the prompt counts once."""
    await choices.usage(server)


async def session(server: Server) -> None:
    """The session that a request names is the answer's; one that is no UUID is refused."""
    wanted = server.ids.uuid()
    told = (await _good(server, session_id=wanted)).read(AdaptiveAnswer).session_id
    expect(told == wanted, f"The session is {told}.")
    await server.refuse(session_id="not-a-uuid")
    await server.refuse(user="not-a-uuid")


async def error_string(server: Server) -> None:
    """An error is an object whose `error` is a text."""
    reply = await server.chat(**errors.WRONG)
    refused(reply, HTTPStatus.BAD_REQUEST, "`messages`")
    reply.read(StringErrorBody)


async def unknown_project(server: Server) -> None:
    """A project that does not exist is 404, in the words that Adaptive's client looks for."""
    await server.ask(max_tokens=1)  # where nothing is served, no project is missed
    reply = await server.chat(model="no-such-project-anywhere/x")
    if reply.status == HTTPStatus.OK:
        raise Lacking("Any project is taken.")
    expect(reply.status == HTTPStatus.NOT_FOUND, f"The status is {reply.status}.")
    told = reply.read(StringErrorBody).error
    expect("EntityNotFound" in told and "project" in told, f"It says {told!r}.")


async def first_token(server: Server) -> None:
    """A first token that comes later than `max_ttft_ms` is 408; where none can be in time, 503 and when to ask."""
    reply = await server.chat(STORY, max_ttft_ms=1)
    if reply.status == HTTPStatus.OK:
        raise Lacking("An answer came although it could not begin in a millisecond.")
    refused_early = reply.status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in reply.headers
    if reply.status != HTTPStatus.REQUEST_TIMEOUT and not refused_early:
        raise unserved(reply) if reply.status == HTTPStatus.NOT_FOUND else Failed(f"It answers {reply.status}.")


async def addresses(server: Server) -> None:
    """An image by its address on the web is refused: only data URLs are taken."""
    await server.refuse(messages=vision.about("https://example.org/fox.png"))


async def switches(server: Server) -> None:
    """A switch of a tool that is not there is refused, and so are switches mixed with functions."""
    switch = {"id": "no-such-tool", "enabled": True}
    await server.refuse(tools=[switch])
    await server.refuse(tools=[switch, *TOOLS])


async def call_content(server: Server) -> None:
    """The content of a message with calls is an empty text, never null."""
    fields = {"tools": TOOLS, "tool_choice": named("get_time"), "max_tokens": 100}
    answer = (await _good(server, **fields)).read(AdaptiveAnswer)
    expect(answer.choices[0].message.content == "", f"It is {answer.choices[0].message.content!r}.")


async def texts(server: Server) -> None:
    """Text completions are served as well, as older clients of Adaptive's ask."""
    await text.shape(server)


CHECKS = (
    Check("adaptive", shape, "Adaptive", "adaptive"),
    Check("adaptive", project, "Adaptive", "adaptive"),
    Check("adaptive", stream, "Adaptive", "adaptive"),
    Check("adaptive", usage, "Adaptive", "adaptive"),
    Check("adaptive", options_without_stream, "Adaptive", "adaptive"),
    Check("adaptive", zero_tokens, "Adaptive", "adaptive"),
    Check("adaptive", completion_ids, "Adaptive", "adaptive"),
    Check("adaptive", n, "Adaptive", "adaptive"),
    Check("adaptive", session, "Adaptive", "adaptive"),
    Check("adaptive", error_string, "Adaptive", "adaptive"),
    Check("adaptive", unknown_project, "Adaptive", "adaptive"),
    Check("adaptive", first_token, "Adaptive", "adaptive"),
    Check("adaptive", addresses, "Adaptive", "adaptive"),
    Check("adaptive", switches, "Adaptive", "adaptive"),
    Check("adaptive", call_content, "Adaptive", "adaptive"),
    Check("adaptive", texts, "Adaptive", "adaptive"),
)
