"""Nugen's door: its addresses, its shapes, its errors, its default limits."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Literal

from msgspec import Struct

from antiphon.conformance.areas import choices, errors, text, tools
from antiphon.conformance.areas.plain import STORY, ShapeChoice, ShapeUsage
from antiphon.conformance.check import Check
from antiphon.conformance.reply import DetailBody, Problem, Reply, decode
from antiphon.conformance.server import Server, answered, refused, unserved
from antiphon.conformance.verdict import expect, offered

FLOAT = re.compile(rb'"created"\s*:\s*\d+\.\d+')
SESSION = "x-session-id"


class NugenAnswer(Struct):
    """A plain answer."""

    id: str
    object: Literal["chat.completion"]
    created: float
    model: str
    choices: list[ShapeChoice]
    usage: ShapeUsage


class NugenDelta(Struct):
    """A piece of text."""

    role: str | None = None
    content: str | None = None


class NugenPiece(Struct):
    """A piece of a choice."""

    index: int
    delta: NugenDelta
    finish_reason: str | None


class NugenChunk(Struct):
    """One event; the finishing one has the usage."""

    id: str
    created: float
    model: str
    choices: list[NugenPiece]
    usage: ShapeUsage | None = None


async def _good(server: Server, **fields: object) -> Reply:
    return await server.good(server.body(**fields))


async def shape(server: Server) -> None:
    """An answer has id, object, created, model, choices and usage, and `created` is written with a point."""
    reply = await _good(server)
    answer = reply.read(NugenAnswer)
    expect(len(answer.choices) == 1, f"There are {len(answer.choices)} choices.")
    expect(FLOAT.search(reply.body) is not None, "`created` is written as a whole number.")


async def stream(server: Server) -> None:
    """The first event has the role and content, the finishing one the usage, without being asked; then [DONE]."""
    found = await server.stream(STORY, max_tokens=4)
    events = [decode(payload, NugenChunk, "An event") for payload in found.payloads]
    pieces = [event.choices[0] for event in events if event.choices]
    expect(len(pieces) == len(events), "An event has no choice.")
    expect(pieces[0].delta.role == "assistant", "The first event has no role.")
    expect(pieces[0].delta.content is not None, "The first event has no content.")
    expect(pieces[-1].finish_reason is not None, "The last event has no reason.")
    expect([event.usage is not None for event in events].index(True) == len(events) - 1 if events[-1].usage else False,
           "The usage is not in the finishing event, and only there.")  # fmt: skip
    expect(found.done, "The stream ended without [DONE].")


async def validation(server: Server) -> None:
    """What is wrong with a body is 422 with a list of places, sentences and types."""
    reply = await server.chat(**errors.WRONG)
    refused(reply, HTTPStatus.UNPROCESSABLE_ENTITY, "`messages`")
    problems = reply.read(DetailBody).detail
    expect(isinstance(problems, list) and bool(problems), "`detail` is no list.")
    first = problems[0]
    expect(isinstance(first, Problem) and "messages" in first.loc, "`loc` does not name the field.")


async def ranges(server: Server) -> None:
    """`temperature` beyond 2, no message at all and a name with a hyphen are refused."""
    await server.refuse(temperature=2.01)
    await server.refuse(messages=[])
    await server.refuse(messages=[{"role": "user", "name": "a-b", "content": "hi"}])


async def wrong_key(server: Server) -> None:
    """A wrong key is 401 with a `detail`."""
    reply = await server.keyed("sk-this-is-nobodys-key").chat()
    if reply.status == HTTPStatus.NOT_FOUND:
        raise unserved(reply)
    offered(reply.status == HTTPStatus.UNAUTHORIZED, errors.NO_KEYS)
    reply.read(DetailBody)


async def limit_lowered(server: Server) -> None:
    """`max_tokens` beyond the context is lowered, not refused."""
    length = server.subject.context_length or 0
    offered(length > 0, "The list of models does not say how long the context is.")
    answer = await server.ask("Say hi.", max_tokens=length * 2, stop=["e", "a", " "])
    expect(answer.spent.total_tokens <= length, "The answer is longer than the context.")


async def session(server: Server) -> None:
    """A session id in `X-Session-ID` need not be a UUID, and is told again in the answer."""
    reply = await server.good(server.body(max_tokens=1), headers=((SESSION, "session#1/a"),))
    told = reply.headers.get(SESSION)
    offered(told == "session#1/a", f"The answer's header is {told!r}.")


async def provider(server: Server) -> None:
    """The header `X-Provider` does no harm."""
    answered(await server.good(server.body(max_tokens=1), headers=(("x-provider", "fwai"),)))


async def sdk(server: Server) -> None:
    """Events say what they are and have an index, so that OpenAI's packages read them."""
    found = await server.stream(max_tokens=2)
    kinds = {chunk.object for chunk in found.chunks}
    expect(kinds == {"chat.completion.chunk"}, f"`object` is {kinds}.")


async def reasoning(server: Server) -> None:
    """`reasoning` is taken by every model, and both of its bounds together are refused."""
    await server.ask(reasoning={"effort": "low", "exclude": True})
    await server.refuse(reasoning={"effort": "low", "max_tokens": 5})


async def n(server: Server) -> None:
    """The completion's tokens are the sum over all choices; the prompt counts once."""
    await choices.usage(server)


async def tool(server: Server) -> None:
    """A tool that is chosen by its name is the one that is called, and the reason is `tool_calls`."""
    choice = (await server.ask(tools.QUESTION, tool_choice=tools.named("get_time"), **tools.ONE)).first
    tools.check_calls(choice.calls, [choice.finish_reason], ["get_time"])


async def texts(server: Server) -> None:
    """Text completions are served as well."""
    await text.shape(server)


CHECKS = (
    Check("nugen", shape, "Nugen", "nugen"),
    Check("nugen", stream, "Nugen", "nugen"),
    Check("nugen", validation, "Nugen", "nugen"),
    Check("nugen", ranges, "Nugen", "nugen"),
    Check("nugen", wrong_key, "Nugen", "nugen"),
    Check("nugen", limit_lowered, "Nugen", "nugen"),
    Check("nugen", session, "Nugen", "nugen"),
    Check("nugen", provider, "Nugen", "nugen"),
    Check("nugen", sdk, "OpenAI", "nugen"),
    Check("nugen", reasoning, "Nugen", "nugen"),
    Check("nugen", n, "Nugen", "nugen"),
    Check("nugen", tool, "Nugen", "nugen"),
    Check("nugen", texts, "Nugen", "nugen"),
)
