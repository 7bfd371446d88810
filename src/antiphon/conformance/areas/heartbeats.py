"""Heartbeats: while nothing comes for long, a few bytes say that somebody still works on it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from antiphon.conformance.areas.plain import STORY
from antiphon.conformance.check import Check
from antiphon.conformance.server import CHAT, Server
from antiphon.conformance.verdict import Lacking, offered

QUIET_S = 20.0  # proxies that close an idle connection wait for 30 s at least


async def plain(server: Server) -> None:
    """A plain answer that takes long begins with blank lines, so that no proxy takes it for dead."""
    seconds = asyncio.get_running_loop().time
    tokens = (server.subject.context_length or 4096) - 200
    begun = seconds()
    answer = await server.open(CHAT, server.body(STORY, max_tokens=tokens, n=4, temperature=1))
    try:
        offered(answer.status == HTTPStatus.OK, f"It answers {answer.status}.")
        first = await answer.read_some() or b""
        took_s = seconds() - begun
        if not first[:1].isspace():
            offered(took_s > QUIET_S, "The answer came too soon for a heartbeat.")
            raise Lacking(f"Nothing came for {took_s:.0f} s.")
    finally:
        answer.close()


async def streamed(server: Server) -> None:
    """A stream that waits for its first token holds comments, which clients pass over."""
    tokens = (server.subject.context_length or 4096) - 200
    body = server.body("word " * (tokens - 100), max_tokens=2) | {"stream": True}
    seconds = asyncio.get_running_loop().time
    begun = seconds()
    answer = await server.open(CHAT, body)
    try:
        offered(answer.status == HTTPStatus.OK, f"It answers {answer.status}.")
        first = await answer.read_some() or b""
        took_s = seconds() - begun
        if not first.startswith(b":"):
            offered(took_s > QUIET_S, "The first token came too soon for a heartbeat.")
            raise Lacking(f"Nothing came for {took_s:.0f} s.")
    finally:
        answer.close()


CHECKS = (
    Check("heartbeats", plain, "Antiphon", mandatory=False, slow=True),
    Check("heartbeats", streamed, "Antiphon", mandatory=False, slow=True),
)
