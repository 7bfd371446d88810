"""What is known of a campaign: its report, as JSON, as text or as a picture, and its intervals over time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from antiphon.campaigns.model import Campaign
from antiphon.campaigns.report import Reports, as_text
from antiphon.campaigns.timeline import Timelines
from antiphon.errors import BadRequest
from antiphon.http.exchange import JSON, Exchange, require_key
from antiphon.key import Key

FORMATS = ("json", "text", "svg")
TEXT = (b"content-type", b"text/plain; charset=utf-8")
# A picture that is opened by itself may load nothing and run nothing, whatever stands in it.
SVG = (
    (b"content-type", b"image/svg+xml"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
)


class ReportQuery(Struct):
    """How the report is to be given; JSON by default."""

    format: Literal["json", "text", "svg"] = "json"


class ReportRoutes:
    """Reports on what `find` lets a key see."""

    def __init__(self, reports: Reports, timelines: Timelines, find: Callable[[Key, str], Awaitable[Campaign]]) -> None:
        self._reports = reports
        self._timelines = timelines
        self._find = find

    async def report(self, exchange: Exchange) -> None:
        """What is known of the campaign now."""
        campaign = await self._find(require_key(exchange), exchange.parameter)
        wanted = _format(exchange.query)
        if wanted == "svg":
            exchange.respond(200, (await self._reports.picture(campaign)).encode(), *SVG)
            return
        report = await self._reports.of(campaign)
        if wanted == "text":
            exchange.respond(200, as_text(report).encode(), TEXT)
        else:
            exchange.respond(200, msgspec.json.encode(report), JSON)

    async def timeline(self, exchange: Exchange) -> None:
        """How what is known of the campaign came about."""
        campaign = await self._find(require_key(exchange), exchange.parameter)
        exchange.respond(200, msgspec.json.encode(await self._timelines.of(campaign)), JSON)


def _format(query: str) -> str:
    """The format that is asked for, the last one where there are several."""
    given = dict(parse_qsl(query, keep_blank_values=True)).get("format", "json")
    if given not in FORMATS:
        raise BadRequest(f"format: expected {', '.join(FORMATS[:-1])} or {FORMATS[-1]}.", param="format")
    return given
