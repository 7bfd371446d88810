"""The reference of addresses is made from the table of routes and is fresh."""

from __future__ import annotations

from pathlib import Path

from antiphon.gateway.route_reference import CHAPTERS, markdown, served

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


async def test_the_file_is_fresh() -> None:
    """Whoever changes a route runs `make docs`."""
    assert (REFERENCE / "addresses.md").read_text(encoding="utf-8") == markdown(await served()), "run `make docs`"


async def test_every_route_is_in_it_once() -> None:
    """In the chapter of its tag, and every chapter has some."""
    routes = await served()
    assert {route.tag for route in routes} == set(CHAPTERS)
    text = markdown(routes)
    for route in routes:
        assert text.count(f"| `{route.method} {route.path}` |") == 1


async def test_a_row_says_who_may_ask_and_how() -> None:
    """Scope, query, refusals, and whether it may be sent again."""
    rows = {line.split(" | ")[0].strip("| `"): line for line in markdown(await served()).splitlines()}
    assert "| none |" in rows["GET /livez"]
    assert "`observability.metrics_public: false`" in rows["GET /metrics"]
    assert (
        "| `credits` | `after`, `limit` |" in rows["GET /v1/credits/ledger"]
        or "`limit`" in rows["GET /v1/credits/ledger"]
    )
    assert "*once* | `inference` |" in rows["POST /v1/chat/completions"]
    assert "404" in rows["GET /v1/responses/{response}"]
