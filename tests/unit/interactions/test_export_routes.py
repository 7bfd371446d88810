"""The export, from the query in to the lines out."""

from __future__ import annotations

import json

import pytest

from antiphon.db import Database
from antiphon.errors import BadRequest, PermissionDenied
from antiphon.interactions import export_routes
from antiphon.interactions.export_routes import ExportRoutes
from antiphon.interactions.model import Answer
from antiphon.interactions.service import Interactions
from antiphon.key import ADMIN, Key
from tests.unit.http.recording import exchange_of
from tests.unit.interactions.stored import row
from tests.unit.projects.gateway_projects import SET, projects_of

ANN = Key("ann")
OPERATOR = Key("operator", scopes=ADMIN)


async def exported(routes: ExportRoutes, query: str = "", key: Key = ANN) -> list[str]:
    """The answers of the lines."""
    exchange, wire = exchange_of("GET", "/v1/interactions/export")
    exchange.key, exchange.query = key, query
    await routes.export(exchange)
    assert (wire.status, exchange.media_type) == (200, b"application/x-ndjson")
    pieces = wire.body.split(b"\r\n")[1::2]  # each behind its size
    return [json.loads(line)["messages"][-1]["content"] for line in b"".join(pieces).splitlines()]


@pytest.fixture
async def routes(database: Database, interactions: Interactions) -> ExportRoutes:
    """Five interactions of Ann's, one of them broken off and one in a project, and one of Bob's."""
    interactions.record([row(n, completion=Answer(f"said {n}"), labels={"n": str(n)}) for n in range(3)])
    interactions.record([row(3, error="engine_failed"), row(4, completion=Answer("said 4"), project_id=SET.id)])
    interactions.record([row(5, account="bob", completion=Answer("Bob's"))])
    return ExportRoutes(interactions, await projects_of(database))


async def test_all_is_exported_in_parts(routes: ExportRoutes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest first, without what nobody should learn from."""
    monkeypatch.setattr(export_routes, "LIMIT_MAX", 2)
    assert await exported(routes) == ["said 0", "said 1", "said 2", "said 4"]


async def test_filters_hold(routes: ExportRoutes) -> None:
    """The same as in a list, but for its paging."""
    assert await exported(routes, "label=n=1") == ["said 1"]
    assert await exported(routes, "project=set") == ["said 4"]
    assert await exported(routes, "user=nobody") == []
    with pytest.raises(BadRequest):
        await exported(routes, "limit=1")


async def test_an_administrator_may_mean_another_account(routes: ExportRoutes) -> None:
    """And nobody else may."""
    assert await exported(routes, "account=bob", OPERATOR) == ["Bob's"]
    assert await exported(routes, "", OPERATOR) == []
    with pytest.raises(PermissionDenied):
        await exported(routes, "account=bob")
