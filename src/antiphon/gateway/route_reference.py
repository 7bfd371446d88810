"""The reference of addresses, made from the table of routes.

`python -m antiphon.gateway.route_reference FILE` writes it; a test fails when the file in `docs/` is not what this
module writes.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from antiphon.gateway.build import Builder
from antiphon.gateway.table import Route
from antiphon.markdown import table
from antiphon.observe.logs import Log
from antiphon.settings.model import Settings
from antiphon.wheel import TimerWheel

NONE = "–"
METRICS = "/metrics"
# What a tag is called, and the page that says how to use it.
CHAPTERS = {
    "chat": ("Chats, responses, messages", "../doors.md"),
    "completions": ("Text completions", "text-completions.md"),
    "embeddings": ("Embeddings", "embeddings.md"),
    "batches": ("Files and batches", "../batches.md"),
    "models": ("Models", "models.md"),
    "projects": ("Projects", "../projects.md"),
    "campaigns": ("Campaigns", "../campaigns.md"),
    "interactions": ("Stored completions", "../interactions.md"),
    "sessions": ("Sessions", "../interactions.md#sessions"),
    "feedback": ("Feedback", "../interactions.md#feedback"),
    "graphql": ("GraphQL", "../adaptive-sdk.md"),
    "channels": ("Channels", "../channels.md"),
    "auth": ("Sign-in", "../accounts.md#with-a-wallet"),
    "keys": ("Keys", "../accounts.md"),
    "credits": ("Credit, receipts, earnings", "../credits.md"),
    "nodes": ("Nodes", "../nodes.md"),
    "console": ("Console", "../console.md"),
    "health": ("Health and metrics", "../operating.md"),
    "documents": ("Documents", "../index.md"),
}
INTRODUCTION = """\
# Addresses

<!-- Made by `make docs` from src/antiphon/gateway/routes.py; do not edit. -->

Every route of the gateway. `/openapi.json` has the same with the schema of each body, `/docs` shows it in a browser.

- *key*: the scope that the key must have ([what scopes are](../accounts.md#what-a-key-may-do)); some of what changes
  things takes `admin` besides, and is answered 403 without.
- *query*: what may stand behind the `?`.
- *refusals*: statuses that mean something here. 400, 401, 405, 413, 429, 500 and 503 may come from every route that
  they fit ([all errors](errors.md)).
- *once*: an [`Idempotency-Key`](../idempotency.md) makes the request safe to send again.

HTTP/1.0 and HTTP/1.1 are spoken, with TLS if `server.tls_certificate` and `server.tls_key` are set. Browsers may call
from the origins in `server.cors_origins`; without any, the headers that they need are absent.
"""


def markdown(routes: tuple[Route, ...]) -> str:
    """The whole reference, a chapter for each tag."""
    parts = [INTRODUCTION]
    for tag, (title, page) in CHAPTERS.items():
        rows = [_row(route) for route in routes if route.tag == tag]
        parts.append(f"## {title}\n\n[How to use them]({page})\n")
        parts.append(table([("address", "what it does", "key", "query", "refusals"), *rows]))
    return "\n".join(parts)


async def served() -> tuple[Route, ...]:
    """The routes of a gateway with the settings that it has when nobody says otherwise."""
    wheel = TimerWheel(asyncio.get_running_loop())
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        builder = Builder(settings, development_key=None, log=Log(stream=io.StringIO()), wheel=wheel)
        gateway = builder.build(environ={}, on_progress=lambda _model, _progress: None, on_state=lambda *_: None)
        await gateway.close()
        return gateway.app.routes


def _row(route: Route) -> tuple[str, ...]:
    refusals = [str(status) for status in route.statuses]
    return (
        f"`{route.method} {route.path}`",
        f"{route.summary} *once*" if route.keyed else route.summary,
        _key(route),
        ", ".join(_query(route)) or NONE,
        ", ".join(refusals) or NONE,
    )


def _key(route: Route) -> str:
    if route.path == METRICS:
        return "any, with `observability.metrics_public: false`"
    if not route.key:
        return "none"
    return f"`{route.scope}`" if route.scope else "any"


def _query(route: Route) -> Iterator[str]:
    if route.query is not None:
        yield from (f"`{field.encode_name}`" for field in msgspec.structs.fields(route.query))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(asyncio.run(served())), encoding="utf-8")
