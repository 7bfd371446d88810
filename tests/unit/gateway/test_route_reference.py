"""The reference of addresses is made from the table of routes and is fresh."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from antiphon.gateway.route_reference import CHAPTERS, markdown, served
from antiphon.gateway.table import Route

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


@pytest.fixture(scope="module")
def routes() -> tuple[Route, ...]:
    """The table of a gateway, put together once."""
    return asyncio.run(served())


def test_the_file_is_fresh(routes: tuple[Route, ...]) -> None:
    """Whoever changes a route runs `make docs`."""
    assert (REFERENCE / "addresses.md").read_text(encoding="utf-8") == markdown(routes), "run `make docs`"


def test_every_route_is_in_it_once(routes: tuple[Route, ...]) -> None:
    """In the chapter of its tag, and every chapter has some."""
    assert {route.tag for route in routes} == set(CHAPTERS)
    text = markdown(routes)
    for route in routes:
        assert text.count(f"| `{route.method} {route.path}` |") == 1


def test_a_row_says_who_may_ask_and_how(routes: tuple[Route, ...]) -> None:
    """Scope, query, refusals, and whether it may be sent again."""
    rows = {line.split(" | ")[0].strip("| `"): line for line in markdown(routes).splitlines()}
    assert "| none |" in rows["GET /livez"]
    assert "`observability.metrics_public: false`" in rows["GET /metrics"]
    assert "| `credits` | `after`, `limit` |" in rows["GET /v1/credits/ledger"]
    assert "*once* | `inference` |" in rows["POST /v1/chat/completions"]
    assert "404" in rows["GET /v1/responses/{response}"]
