"""Tests of the pages for people and for language models."""

from __future__ import annotations

from html.parser import HTMLParser

import msgspec
from msgspec import Struct

from antiphon.gateway.openapi import document
from antiphon.gateway.pages import PageRoutes
from antiphon.gateway.table import Route
from antiphon.http.exchange import Exchange
from tests.unit.http.recording import exchange_of


class Question(Struct):
    """What is asked."""

    wording: str


class Tags(HTMLParser):
    """Keeps tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag and where it leads."""
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


async def answer(exchange: Exchange) -> None:
    """Answer with nothing."""
    exchange.respond(204, b"")


ROUTES = (
    Route("POST", "/ask", answer, "Ask <script>alert(1)</script> & wait.", "tests", request=Question),
    Route("GET", "/things/{thing}", answer, "A thing.", "tests", key=False),
)


def pages() -> PageRoutes:
    """The pages of the routes above."""
    made = PageRoutes()
    made.finish(ROUTES)
    return made


async def test_the_openapi_page_is_the_document() -> None:
    """What is sent is the document of the same table, as JSON."""
    exchange, wire = exchange_of("GET", "/openapi.json")
    await pages().openapi(exchange)
    assert (wire.status, wire.headers["content-type"]) == (200, "application/json")
    assert msgspec.json.decode(wire.body) == document(ROUTES)


async def test_the_page_for_people_holds_every_route_and_no_script() -> None:
    """Routes, fields and statuses are shown, their words escaped, and nothing is loaded from elsewhere."""
    exchange, wire = exchange_of("GET", "/docs")
    await pages().docs(exchange)
    page = Tags()
    page.feed(wire.body.decode())
    assert wire.headers["content-type"] == "text/html; charset=utf-8"
    assert wire.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.tags.count("details") == len(ROUTES)
    assert "script" not in page.tags
    assert page.links == ["/openapi.json", "/llms.txt"]
    for shown in ("/ask", "/things/{thing}", "Ask <script>alert(1)</script> & wait.", "wording", "429"):
        assert shown in page.text


async def test_the_page_for_language_models_has_a_line_for_each_route() -> None:
    """Method, path and summary, in the table's order."""
    exchange, wire = exchange_of("GET", "/llms.txt")
    await pages().llms(exchange)
    lines = wire.body.decode().splitlines()
    assert wire.headers["content-type"] == "text/plain; charset=utf-8"
    assert lines[0] == "# Antiphon"
    assert [line for line in lines if line.startswith("- `")] == [
        f"- `{route.method} {route.path}`: {route.summary}" for route in ROUTES
    ]
