"""GET /v1/interactions/export: stored completions as a file for fine-tuning, however many there are."""

from __future__ import annotations

from antiphon.http.exchange import Exchange, require_key
from antiphon.interactions import fine_tuning
from antiphon.interactions.access import project_id, reach
from antiphon.interactions.listing import read_filter
from antiphon.interactions.paging import LIMIT_MAX, Paging
from antiphon.interactions.service import Interactions
from antiphon.projects.service import Projects

LINES = "application/x-ndjson"
HEADERS = (
    (b"content-type", LINES.encode()),
    (b"content-disposition", b'attachment; filename="interactions.jsonl"'),
)


class ExportRoutes:
    """What the caller's key may see, the oldest first, read in parts while it is sent."""

    def __init__(self, interactions: Interactions, projects: Projects) -> None:
        self._interactions = interactions
        self._projects = projects

    async def export(self, exchange: Exchange) -> None:
        """All that the filter lets through and a model can learn from."""
        key, known = require_key(exchange), self._projects.by_name
        meant = read_filter(exchange.query, lambda name: project_id(name, key, known, "project"), needed=False)
        seen = reach(key, known, meant.account)
        paging: Paging | None = Paging(limit=LIMIT_MAX, order="asc")
        while paging is not None:
            page = await self._interactions.page(seen, meant.wanted, paging)
            if not exchange.started:
                exchange.start(200, *HEADERS)
            lines = b"".join(made for row in page.items if (made := fine_tuning.line(row)) is not None)
            if not exchange.write(lines):
                await exchange.drain()
            paging = None if page.next is None else Paging(page.next, LIMIT_MAX, "asc")
        exchange.finish()
