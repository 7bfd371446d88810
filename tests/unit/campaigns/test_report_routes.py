"""The route of reports, from the bytes in to the bytes out."""

from __future__ import annotations

import json

import pytest

from antiphon.campaigns.model import Campaign, Goal
from antiphon.campaigns.report import Reports
from antiphon.campaigns.report_routes import ReportRoutes
from antiphon.campaigns.timeline import Timelines
from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.errors import BadRequest
from antiphon.key import Key
from tests.unit.campaigns.counted_rows import keep_metrics, requests
from tests.unit.campaigns.drafts import draft
from tests.unit.http.recording import RecordingWire, exchange_of


@pytest.fixture
def database_kind() -> str:
    """One is enough: what differs between databases stands in the store's tests."""
    return "sqlite"


@pytest.fixture
async def routes(database: Database) -> ReportRoutes:
    """Reports on a campaign with two requests."""
    await keep_metrics(database)
    await requests(database, "a", 2)

    async def find(key: Key, name: str) -> Campaign:
        assert (key.account, name) == ("ann", "c")
        return draft(goals=(Goal("liked"),), status="running", started_at_ms=0)

    clock = ManualClock()
    return ReportRoutes(Reports(database, clock=clock), Timelines(database, clock=clock), find)


async def answer(routes: ReportRoutes, query: str) -> RecordingWire:
    """What the connection saw."""
    exchange, wire = exchange_of("GET", "/v1/campaigns/c/report")
    exchange.key, exchange.parameter, exchange.query = Key("ann"), "c", query
    await routes.report(exchange)
    return wire


async def test_each_format_is_given(routes: ReportRoutes) -> None:
    """JSON by default, text and a picture where they are asked for."""
    report = json.loads((await answer(routes, "")).body)
    assert (report["campaign"], report["verdict"]["status"]) == ("c", "warming_up")
    assert report["verdict"]["ratio"]["units"] == {"a": 2, "b": 0}
    text = await answer(routes, "format=text")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.body.startswith(b"c (c): running\nToo few values yet")
    picture = await answer(routes, "format=svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.headers["content-security-policy"].startswith("default-src 'none'")
    assert picture.body.startswith(b"<svg ")


async def test_a_timeline_is_given(routes: ReportRoutes) -> None:
    """By the goal that decides; there is nothing to tell before its first value."""
    exchange, wire = exchange_of("GET", "/v1/campaigns/c/timeline")
    exchange.key, exchange.parameter = Key("ann"), "c"
    await routes.timeline(exchange)
    told = json.loads(wire.body)
    assert (told["object"], told["campaign"], told["metric"]) == ("campaign_timeline", "c", "liked")
    assert (told["better"], told["data"]) == ("higher", [])


async def test_another_format_is_refused(routes: ReportRoutes) -> None:
    """By the field's name, with what there is."""
    with pytest.raises(BadRequest, match="format: expected json, text or svg."):
        await answer(routes, "format=pdf")
