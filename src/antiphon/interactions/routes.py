"""Our own addresses of what is stored: /v1/interactions and /v1/sessions."""

from __future__ import annotations

import msgspec

from antiphon.http.exchange import JSON, Exchange, require_key
from antiphon.interactions import wire
from antiphon.interactions.access import project_id, reach
from antiphon.interactions.listing import FindProject, read_filter, read_listing, read_paging
from antiphon.interactions.paging import Position, cursor
from antiphon.interactions.service import Interactions
from antiphon.interactions.sessions import Sessions
from antiphon.key import Key
from antiphon.projects.service import Projects


class InteractionRoutes:
    """The interactions that the caller's key may see."""

    def __init__(self, interactions: Interactions, projects: Projects) -> None:
        self._interactions = interactions
        self._projects = projects

    async def list(self, exchange: Exchange) -> None:
        """A part of those that the filter lets through."""
        key = require_key(exchange)
        asked = read_listing(exchange.query, self._find_project(key))
        seen = reach(key, self._projects.by_name, asked.account)
        page = await self._interactions.page(seen, asked.wanted, asked.paging)
        total = await self._interactions.count(seen, asked.wanted) if asked.counted else None
        data = [wire.interaction(row) for row in page.items]
        shown = wire.WireInteractions(data, page.next is not None, _next(page.next), total)
        exchange.respond(200, msgspec.json.encode(shown), JSON)

    async def get(self, exchange: Exchange) -> None:
        """One, by its completion id."""
        seen = reach(require_key(exchange), self._projects.by_name)
        found = await self._interactions.get(seen, exchange.parameter)
        exchange.respond(200, msgspec.json.encode(wire.interaction(found)), JSON)

    async def delete(self, exchange: Exchange) -> None:
        """Delete one, with its feedback."""
        seen = reach(require_key(exchange), self._projects.by_name)
        await self._interactions.delete(seen, exchange.parameter)
        exchange.respond(204, b"")

    async def delete_all(self, exchange: Exchange) -> None:
        """Delete all that the filter lets through, with their feedback."""
        key = require_key(exchange)
        meant = read_filter(exchange.query, self._find_project(key))
        seen = reach(key, self._projects.by_name, meant.account)
        deleted = await self._interactions.delete_all(seen, meant.wanted)
        exchange.respond(200, msgspec.json.encode(wire.WireDeleted(deleted)), JSON)

    def _find_project(self, key: Key) -> FindProject:
        return lambda name: project_id(name, key, self._projects.by_name, "project")


class SessionRoutes:
    """The sessions that the caller's key may see."""

    def __init__(self, sessions: Sessions, projects: Projects) -> None:
        self._sessions = sessions
        self._projects = projects

    async def list(self, exchange: Exchange) -> None:
        """A part of them, by their last turns."""
        seen = reach(require_key(exchange), self._projects.by_name)
        page = await self._sessions.page(seen, read_paging(exchange.query, "desc"))
        data = [wire.session(row) for row in page.items]
        shown = wire.WireSessions(data, page.next is not None, _next(page.next))
        exchange.respond(200, msgspec.json.encode(shown), JSON)

    async def get(self, exchange: Exchange) -> None:
        """One, with a part of its turns."""
        seen = reach(require_key(exchange), self._projects.by_name)
        session, page = await self._sessions.get(seen, exchange.parameter, read_paging(exchange.query, "asc"))
        shown = wire.WireSessionTurns(
            session.session_id,
            session.created_at_ms,
            session.last_at_ms,
            session.turns,
            data=[wire.interaction(row) for row in page.items],
            has_more=page.next is not None,
            next=_next(page.next),
        )
        exchange.respond(200, msgspec.json.encode(shown), JSON)

    async def delete(self, exchange: Exchange) -> None:
        """Delete all its turns, with their feedback."""
        seen = reach(require_key(exchange), self._projects.by_name)
        await self._sessions.delete(seen, exchange.parameter)
        exchange.respond(204, b"")


def _next(position: Position | None) -> str | None:
    return None if position is None else cursor(position)
