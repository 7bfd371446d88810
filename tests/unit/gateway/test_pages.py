"""Tests of the pages for people and for language models."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from antiphon.errors import NotFound
from antiphon.gateway.openapi import document
from antiphon.gateway.pages import PageRoutes
from antiphon.gateway.table import Route
from antiphon.http.exchange import Exchange
from tests.unit.http.recording import exchange_of

DOCS = Path(__file__).parents[3] / "docs"


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
    assert page.links == ["/openapi.json", "/llms.txt", "/llms-full.txt"]
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


async def test_every_page_that_it_names_can_be_had() -> None:
    """As it is written; what is no page is answered so."""
    exchange, wire = exchange_of("GET", "/llms.txt")
    made = pages()
    await made.llms(exchange)
    named = re.findall(r"\]\(/docs/([^)#]+)", wire.body.decode())
    assert len(named) > 40
    for name in named:
        asked, answered = exchange_of("GET", f"/docs/{name}")
        asked.parameter = name
        await made.page(asked)
        assert answered.body == (DOCS / name).read_bytes()
    asked, _ = exchange_of("GET", "/docs/../README.md")
    asked.parameter = "../README.md"
    with pytest.raises(NotFound):
        await made.page(asked)


async def test_the_whole_documentation_is_one_text() -> None:
    """Each page is in it once, below its address, and all routes are in front."""
    exchange, wire = exchange_of("GET", "/llms-full.txt")
    await pages().llms_full(exchange)
    text = wire.body.decode()
    for page in DOCS.rglob("*.md"):
        assert text.count(f"\n<{'/docs/'}{page.relative_to(DOCS)}>\n\n{page.read_text(encoding='utf-8')}") == 1
    assert text.index("`POST /ask`") < text.index("</docs/index.md>")
