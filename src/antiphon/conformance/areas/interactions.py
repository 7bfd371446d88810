"""Stored completions: kept when asked for, found again, deleted again. What a check stores it deletes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from msgspec import Struct

from antiphon.conformance.check import Check
from antiphon.conformance.server import Body, Server, segment, served, unserved
from antiphon.conformance.verdict import Lacking, expect, offered

TOKENS = 3
CLEANING_S = 10.0


class StoredCompletion(Struct, frozen=True):
    """What is kept of an answer's message."""

    content: str | None


class Stored(Struct, frozen=True):
    """A stored completion, as far as checks read it."""

    completion_id: str
    messages: list[dict[str, Any]]  # Any: the turns as they were sent
    completion: StoredCompletion
    parameters: dict[str, Any]  # Any: values of any JSON type
    labels: dict[str, str]
    session_id: str | None = None


class StoredList(Struct, frozen=True):
    """A part of a list."""

    data: list[Stored]


class Added(Struct, frozen=True):
    """What was added from elsewhere."""

    completion_id: str
    session_id: str


@asynccontextmanager
async def kept(server: Server, **fields: object) -> AsyncIterator[tuple[str, str]]:
    """The id and text of a completion that was stored at this door, and is deleted in the end."""
    choice = (await server.ask(max_tokens=TOKENS, **fields)).first
    if not choice.completion_id:
        raise Lacking("The choice has no `completion_id`.")
    try:
        yield choice.completion_id, choice.text
    finally:
        await forget(server, choice.completion_id)


async def forget(server: Server, completion_id: str) -> None:
    """Delete it, as far as that takes no longer than a few seconds."""
    async with asyncio.timeout(CLEANING_S):
        await server.at("v1").send("DELETE", f"/interactions/{segment(completion_id)}")


async def find(server: Server, completion_id: str) -> Stored:
    """The stored completion of that id."""
    reply = served(await server.at("v1").send("GET", f"/interactions/{segment(completion_id)}"))
    return reply.read(Stored)


async def stored(server: Server) -> None:
    """With `store` a completion is kept: its messages, its answer and its parameters."""
    async with kept(server, store=True, temperature=0.5) as (completion_id, text):
        found = await find(server, completion_id)
        expect(found.completion.content == text, f"Kept is {found.completion.content!r}, the answer was {text!r}.")
        expect(len(found.messages) == 1, f"{len(found.messages)} messages are kept.")
        expect(found.parameters.get("temperature") == 0.5, "The parameters do not tell the temperature.")


async def defaults(server: Server) -> None:
    """The kept parameters are those that took effect, the defaults filled in."""
    async with kept(server, store=True) as (completion_id, _):
        told = (await find(server, completion_id)).parameters
        missing = [name for name in ("temperature", "top_p", "top_k", "min_p", "max_tokens") if name not in told]
        offered(not missing, f"Not told: {', '.join(missing)}.")


async def deleted(server: Server) -> None:
    """What was deleted is gone: 404."""
    async with kept(server, store=True) as (completion_id, _):
        await forget(server, completion_id)
        reply = await server.send("GET", f"/interactions/{segment(completion_id)}")
        expect(reply.status == HTTPStatus.NOT_FOUND, f"It answers {reply.status}.")


async def not_stored(server: Server) -> None:
    """Without `store` nothing is kept at OpenAI's door, and there is no id to ask for."""
    for fields in ({}, {"store": False}):
        choice = (await server.ask(max_tokens=TOKENS, **fields)).first
        expect(choice.completion_id is None, "There is a `completion_id`.")


async def labels(server: Server) -> None:
    """`metadata` and `labels` are kept, and completions are found by them."""
    mark = server.ids.make("conformance-")
    async with kept(server, store=True, metadata={"mark": mark}, labels={"kind": "check"}) as (completion_id, _):
        found = await find(server, completion_id)
        expect(found.labels == {"mark": mark, "kind": "check"}, f"The labels are {found.labels}.")
        reply = served(await server.send("GET", f"/interactions?label=mark={segment(mark)}"))
        ids = [one.completion_id for one in reply.read(StoredList).data]
        expect(ids == [completion_id], f"By its label {len(ids)} are found.")


async def adaptive_default(server: Server) -> None:
    """At Adaptive's door a completion is kept unless the request says otherwise."""
    async with kept(server) as (completion_id, text):
        expect((await find(server, completion_id)).completion.content == text, "Another text is kept.")


async def adaptive_store_false(server: Server) -> None:
    """With `store` false nothing is kept at Adaptive's door either: 404."""
    choice = (await server.ask(max_tokens=TOKENS, store=False)).first
    reply = await server.at("v1").send("GET", f"/interactions/{segment(choice.completion_id or 'none')}")
    expect(reply.status == HTTPStatus.NOT_FOUND, f"It answers {reply.status}.")


async def added(server: Server) -> None:
    """A completion that came about elsewhere can be added: 201, with its id and a session."""
    body: Body = {
        "project": server.subject.project,
        "messages": [{"role": "user", "content": "Say hi."}],
        "completion": "Hi.",
        "labels": {"kind": "check"},
    }
    reply = await server.send("POST", "/interactions", body)
    if reply.status >= HTTPStatus.BAD_REQUEST:
        raise unserved(reply)
    told = reply.read(Added)
    await forget(server, told.completion_id)
    expect(reply.status == HTTPStatus.CREATED, f"The status is {reply.status}.")


async def feedback_refused(server: Server) -> None:
    """Feedback on an answer's `id` is 400, on a completion that is not kept 404."""
    for completion_id, status in (("chatcmpl-1234", 400), (server.ids.uuid(), 404)):
        body = {"completion_id": completion_id, "metric": "no-such-metric", "value": 1}
        reply = await server.send("POST", "/feedback", body)
        if reply.status == HTTPStatus.NOT_FOUND and status != HTTPStatus.NOT_FOUND:
            raise Lacking(f"It answers 404: {reply.refusal.message}")
        expect(reply.status == status, f"For {completion_id} it answers {reply.status} instead of {status}.")


CHECKS = (
    Check("interactions", stored, "OpenAI, Antiphon"),
    Check("interactions", defaults, "Antiphon"),
    Check("interactions", deleted, "Antiphon"),
    Check("interactions", not_stored, "OpenAI"),
    Check("interactions", labels, "OpenAI, Adaptive"),
    Check("interactions", adaptive_default, "Adaptive", "adaptive"),
    Check("interactions", adaptive_store_false, "Adaptive", "adaptive"),
    Check("interactions", added, "Adaptive", "adaptive"),
    Check("interactions", feedback_refused, "Adaptive", "adaptive"),
)
