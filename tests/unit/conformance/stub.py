"""A server of a few lines for tests of checks: it answers whatever it is told to, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from antiphon.conformance.server import Server, Subject
from antiphon.http.client import Pool
from antiphon.http.origin import Origin
from antiphon.ids import seeded
from antiphon.testing.connection import Request
from antiphon.testing.listener import HOST, Listener
from antiphon.testing.wire import Wire, head

JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream"}


@dataclass(frozen=True)
class Said:
    """One answer; `body` is bytes, or a value that is sent as JSON."""

    body: Any = b""  # Any: JSON
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: JSON)


Script = Callable[[Request], Said | None]


@dataclass
class Stub:
    """Where it listens and what came."""

    url: str
    requests: list[Request] = field(default_factory=list)

    def bodies(self) -> list[Any]:  # Any: JSON
        """The JSON of each request that had some."""
        return [json.loads(request.body) for request in self.requests if request.body]


@asynccontextmanager
async def stub(script: Script) -> AsyncIterator[Stub]:
    """A server that answers as the script says; where that says None, it closes the connection."""
    async with _listening(lambda request, wire: _play(script(request), wire, request, found)) as url:
        found = Stub(url)
        yield found


@asynccontextmanager
async def asking(script: Script, subject: Subject = Subject("m"), key: str | None = "k") -> AsyncIterator[Server]:
    """A server under test that is played by the script."""
    async with stub(script) as played:
        pool = Pool(Origin.parse(played.url))
        try:
            yield Server(pool, subject, key=key, ids=seeded(1))
        finally:
            pool.close()


def always(body: object = b"", status: int = 200, **headers: str) -> Script:
    """The same answer to everything."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Said(body, status, JSON | named)


def events(*payloads: object, done: bool = True) -> Script:
    """The same stream to everything."""
    texts = [payload if isinstance(payload, str) else json.dumps(payload) for payload in payloads]
    lines = [*texts, "[DONE]"] if done else texts
    body = "".join(f"data: {line}\n\n" for line in lines).encode()
    return lambda _: Said(body, 200, EVENTS)


@asynccontextmanager
async def _listening(answer: Callable[[Request, Wire], Awaitable[None]]) -> AsyncIterator[str]:
    listener = Listener(answer, port=0)
    await listener.listen()
    try:
        yield f"http://{HOST}:{listener.port}"
    finally:
        listener.crash()


async def _play(said: Said | None, wire: Wire, request: Request, into: Stub) -> None:
    into.requests.append(request)
    if said is None:
        wire.reset()
        return
    body = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
    await wire.send(head(said.status, said.headers | {"content-length": str(len(body))}) + body)
