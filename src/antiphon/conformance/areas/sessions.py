"""Sessions: turns with one id stand together, and no prompt changes for that. What a check stores it deletes."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from msgspec import Struct

from antiphon.conformance.areas.interactions import CLEANING_S, Stored
from antiphon.conformance.check import Check
from antiphon.conformance.reply import Reply
from antiphon.conformance.server import CHAT, Headers, Server, refused, segment, served
from antiphon.conformance.verdict import expect

HEADER = "x-session-id"


class Turns(Struct, frozen=True):
    """A session with its turns."""

    session_id: str
    turns: int
    data: list[Stored]


async def _forget(server: Server, session_id: str) -> None:
    async with asyncio.timeout(CLEANING_S):
        await server.at("v1").send("DELETE", f"/sessions/{segment(session_id)}")


async def _turns(server: Server, session_id: str) -> Turns:
    reply = served(await server.at("v1").send("GET", f"/sessions/{segment(session_id)}"))
    return reply.read(Turns)


async def _headed(server: Server, session_id: str, /, **fields: object) -> Reply:
    headers: Headers = ((HEADER, session_id), ("accept", "application/json"))
    return await server.send("POST", CHAT, server.body(max_tokens=2, **fields), headers=headers)


async def grouped(server: Server) -> None:
    """Kept turns with one `session_id` make one session, the oldest first."""
    session_id = server.ids.make("conformance-")
    try:
        for question in ("Say one.", "Say two."):
            await server.ask(question, max_tokens=2, store=True, session_id=session_id)
        found = await _turns(server, session_id)
        asked = [one.messages[-1].get("content") for one in found.data if one.messages]
        expect(asked == ["Say one.", "Say two."], f"The turns are {asked}.")
    finally:
        await _forget(server, session_id)


async def header(server: Server) -> None:
    """`X-Session-ID` is the same as `session_id`, and both together have to agree."""
    session_id = server.ids.make("conformance-")
    try:
        served(await _headed(server, session_id, store=True))
        expect((await _turns(server, session_id)).turns == 1, "The turn is not in the session.")
    finally:
        await _forget(server, session_id)
    refused(await _headed(server, session_id, session_id=session_id + "-2"), 400, "Two different sessions")


async def no_memory(server: Server) -> None:
    """A session changes no prompt."""
    session_id = server.ids.make("conformance-")
    try:
        counts = [
            (await server.ask("Say hi.", max_tokens=2, store=True, session_id=session_id)).spent.prompt_tokens
            for _ in range(2)
        ]
        expect(counts[0] == counts[1], f"The same prompt has {counts[0]} tokens, then {counts[1]}.")
    finally:
        await _forget(server, session_id)


async def deleted(server: Server) -> None:
    """A session that was deleted is gone: 404."""
    session_id = server.ids.make("conformance-")
    try:
        await server.ask(max_tokens=2, store=True, session_id=session_id)
        await _turns(server, session_id)
    finally:
        await _forget(server, session_id)
    reply = await server.send("GET", f"/sessions/{segment(session_id)}")
    expect(reply.status == HTTPStatus.NOT_FOUND, f"It answers {reply.status}.")


CHECKS = (
    Check("sessions", grouped, "Adaptive, Nugen"),
    Check("sessions", header, "Nugen"),
    Check("sessions", no_memory, "Nugen"),
    Check("sessions", deleted, "Antiphon"),
)
