"""Pages for people and for language models: /docs, /openapi.json, /llms.txt, and those of the documentation."""

from __future__ import annotations

import html

import msgspec

from antiphon.errors import NotFound
from antiphon.gateway.handbook import INDEX, Handbook, contents
from antiphon.gateway.openapi import document
from antiphon.gateway.table import Route
from antiphon.http.errors import ErrorShape
from antiphon.http.exchange import JSON, Exchange

HTML = (b"content-type", b"text/html; charset=utf-8")
TEXT = (b"content-type", b"text/plain; charset=utf-8")
CSP = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'")

PAGES = "/docs/"
HEAD = """\
# Antiphon

> A self-hosted gateway in front of models that it runs itself and of engines, nodes and servers elsewhere. It speaks
> the APIs of OpenAI, Anthropic, Dria, DMind, Nugen and Adaptive Engine.

Send `Authorization: Bearer KEY`. Base URL for OpenAI's packages: this origin and `/v1`. Everything in one text:
[/llms-full.txt](/llms-full.txt). Schemas of all bodies: [/openapi.json](/openapi.json).
"""

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow-x: auto; padding: 1rem; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
details { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .6rem 0; }
summary { cursor: pointer; } .method { display: inline-block; width: 4rem; font-weight: 600; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top; }
"""


class PageRoutes:
    """The documents of one table; `finish` is called once the table is whole."""

    def __init__(self, handbook: Handbook | None = None) -> None:
        self._handbook = handbook or Handbook()
        self._openapi = self._docs = b""
        self._routes = ""

    def finish(self, routes: tuple[Route, ...], shapes: tuple[tuple[str, ErrorShape], ...] = ()) -> None:
        """Make the pages; `shapes` are those of errors below prefixes of addresses."""
        made = document(routes, shapes)
        self._openapi = msgspec.json.encode(made)
        self._docs = _docs(routes, made).encode()
        self._routes = _routes(routes)

    async def openapi(self, exchange: Exchange) -> None:
        """The OpenAPI document."""
        exchange.respond(200, self._openapi, JSON)

    async def docs(self, exchange: Exchange) -> None:
        """The same for people: no script, nothing from elsewhere."""
        exchange.respond(200, self._docs, HTML, CSP)

    async def page(self, exchange: Exchange) -> None:
        """One page of the documentation, as it is written."""
        found = (await self._handbook.pages()).get(exchange.parameter)
        if found is None:
            raise NotFound("There is no such page. GET /llms.txt lists them.")
        exchange.respond(200, found.encode(), TEXT)

    async def llms(self, exchange: Exchange) -> None:
        """What there is to read, for language models, and every route in a line."""
        index = (await self._handbook.pages()).get(INDEX, "")
        exchange.respond(200, "\n".join([HEAD, contents(index, PAGES), self._routes]).encode(), TEXT)

    async def llms_full(self, exchange: Exchange) -> None:
        """The whole documentation in one text, each page below its address."""
        pages = await self._handbook.pages()
        texts = (f"\n---\n\n<{PAGES}{name}>\n\n{text}" for name, text in pages.items())
        exchange.respond(200, "".join([HEAD, "\n", self._routes, *texts]).encode(), TEXT)


def _docs(routes: tuple[Route, ...], made: dict[str, dict[str, dict[str, dict[str, object]]]]) -> str:
    sections = "\n".join(_section(route, made) for route in routes)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Antiphon API</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f'<h1>Antiphon API</h1><p>Machine-readable: <a href="/openapi.json">/openapi.json</a>, '
        f'<a href="/llms.txt">/llms.txt</a>, '
        f'<a href="/llms-full.txt">/llms-full.txt</a>. '
        f"Send your key as <code>Authorization: Bearer KEY</code>.</p>{sections}"
    )


def _section(route: Route, made: dict[str, dict[str, dict[str, dict[str, object]]]]) -> str:
    operation = made["paths"][route.path][route.method.lower()]
    responses = operation["responses"]
    assert isinstance(responses, dict)
    rows = "".join(f"<tr><td>{status}</td><td>{html.escape(answer['description'])}</td></tr>"
                   for status, answer in sorted(responses.items()))  # fmt: skip
    fields = _fields(route)
    return (
        f'<details><summary><span class="method">{route.method}</span> <code>{html.escape(route.path)}</code> '
        f"{html.escape(route.summary)}</summary>{fields}<table>{rows}</table></details>"
    )


def _fields(route: Route) -> str:
    if route.request is None:
        return ""
    rows = []
    for field in msgspec.structs.fields(route.request):
        schema = html.escape(msgspec.json.encode(msgspec.json.schema(field.type)).decode()[:400])
        rows.append(f"<tr><td><code>{field.name}</code></td><td><code>{schema}</code></td></tr>")
    return f"<table>{''.join(rows)}</table>"


def _routes(routes: tuple[Route, ...]) -> str:
    lines = [f"- `{route.method} {route.path}`: {route.summary}" for route in routes]
    return "\n".join(["## Routes", "", *lines, ""])
