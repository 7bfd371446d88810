"""GET, POST, PATCH and DELETE below /v1/projects. Any key reads what it may use; to change takes the scope `admin`."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from antiphon.http.decode import decode
from antiphon.http.exchange import JSON, Exchange, require_admin, require_key
from antiphon.projects.resolve import may_use, require_use
from antiphon.projects.service import Projects
from antiphon.projects.wire import ProjectBody, ProjectChangeBody, WireProject, WireProjects, changed, draft, shown

_body = msgspec.json.Decoder(ProjectBody)
_change_body = msgspec.json.Decoder(ProjectChangeBody)


class ProjectRoutes:
    """The projects of the gateway, by id or key."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects

    async def list(self, exchange: Exchange) -> None:
        """All that the key may use."""
        key = require_key(exchange)
        found = [shown(project) for project in self._projects.list() if may_use(key, project)]
        exchange.respond(200, msgspec.json.encode(WireProjects(found)), JSON)

    async def get(self, exchange: Exchange) -> None:
        """One."""
        project = self._projects.get(exchange.parameter)
        require_use(require_key(exchange), project)
        _respond(exchange, 200, shown(project))

    async def create(self, exchange: Exchange) -> None:
        """Make one."""
        key = require_admin(exchange)
        project = draft(decode(await exchange.body(), _body))
        require_use(key, project)
        _respond(exchange, 201, shown(await self._projects.create(project)))

    async def update(self, exchange: Exchange) -> None:
        """Change what the body names."""
        require_use(require_admin(exchange), self._projects.get(exchange.parameter))
        body = decode(await exchange.body(), _change_body)
        seen_ms = None if body.updated_at_ms is UNSET else body.updated_at_ms
        after = await self._projects.update(exchange.parameter, lambda project: changed(project, body), seen_ms=seen_ms)
        _respond(exchange, 200, shown(after))

    async def delete(self, exchange: Exchange) -> None:
        """Forget one; what was stored for it stays."""
        require_use(require_admin(exchange), self._projects.get(exchange.parameter))
        await self._projects.delete(exchange.parameter)
        exchange.respond(204, b"")


def _respond(exchange: Exchange, status: int, project: WireProject) -> None:
    exchange.respond(status, msgspec.json.encode(project), JSON)
