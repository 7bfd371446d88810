"""Routes, codes and metrics that pages name are those of the gateway."""

from __future__ import annotations

import re

from antiphon.errors import FINER_CODES
from antiphon.gateway.error_reference import classes
from antiphon.gateway.route_reference import served

from .pages import DOCS, REPOSITORY, inline_code, pages, read

ROUTE = re.compile(r"^(GET|POST|PATCH|DELETE|PUT) (/[^ ?]*)")
METRIC = re.compile(r"^((?:antiphon|gen_ai)_[a-z_]+)(?:\{|$)")
CODE = re.compile(r"\b(?:4\d\d|50\d) `([a-z_]+)`")
PARAMETER = re.compile(r"\{[^}]+\}|(?<=/)(?:ID|MODEL|NAME|PAGE\.md|support)(?=/|$)")
LABELS = {"gen_ai_operation_name", "gen_ai_request_model", "gen_ai_provider_name", "gen_ai_token_type"}
# What a decision weighed and did not take.
FOREIGN = {"0011-tool-providers-by-mcp.md"}


async def test_routes_in_pages_are_there() -> None:
    """A method and an address between backticks are a row of the table, whatever its parameter is called."""
    known = {(route.method, PARAMETER.sub("*", route.path)) for route in await served()}
    named = {
        (page.name, found[1], PARAMETER.sub("*", found[2]))
        for page in pages()
        if page.name not in FOREIGN
        for code in inline_code(page)
        if (found := ROUTE.match(code))
    }
    assert len(named) > 100
    assert {one for one in named if one[1:] not in known} == set()


def test_codes_in_pages_are_there() -> None:
    """A code behind a status is one of the errors'."""
    known = {str(kind.code) for kind in classes()} | set(FINER_CODES)
    named = {
        (page.name, code)
        for page in [*DOCS.rglob("*.md"), REPOSITORY / "README.md"]
        for code in CODE.findall(read(page))
    }
    assert len(named) > 15
    assert {one for one in named if one[1] not in known} == set()


def test_metrics_in_pages_are_there() -> None:
    """A metric is a row of the reference, which is made from a scrape."""
    known = {row[0].strip("`") for row in _rows(read(DOCS / "reference" / "metrics.md"))}
    named = {(page.name, found[1]) for page in pages() for code in inline_code(page) if (found := METRIC.match(code))}
    assert {one for one in named if one[1] not in known | LABELS} == set()


def _rows(text: str) -> list[list[str]]:
    """The cells of all rows that begin with a name."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")
    ]
