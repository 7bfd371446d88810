"""The projects of the gateway: all in memory for requests, kept in the database, seen by other gateways in seconds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from antiphon.clock import Clock
from antiphon.db import Connection, Database
from antiphon.errors import BadRequest, Conflict, Unavailable
from antiphon.ids import Ids
from antiphon.projects import store
from antiphon.projects.model import PROJECTS_MAX, Project, broken
from antiphon.projects.resolve import missing

REFRESH_S = 2.0

Change = Callable[[Project], Project]


class Projects:
    """Configured projects hide stored ones of the same key; `built_in` is there as long as neither has its key."""

    def __init__(
        self, database: Database, *, configured: tuple[Project, ...], built_in: Project, clock: Clock, ids: Ids
    ) -> None:
        self._database = database
        self._configured = configured
        self._built_in = built_in
        self._clock = clock
        self._ids = ids
        self._refreshing = asyncio.Lock()
        self._seen: int | None = None  # how many changes the view below shows
        self._show(())

    async def refresh(self) -> None:
        """Read the stored projects, if any has changed since they were read last. The first call loads them."""
        async with self._refreshing:
            seen = self._seen

            def work(connection: Connection) -> tuple[int, tuple[Project, ...] | None]:
                number = store.changes(connection)
                return number, None if number == seen else store.every(connection)

            self._seen, stored = await self._database.read(work)
            if stored is not None:
                self._show(stored)

    async def run(self, every_s: float = REFRESH_S) -> None:
        """Refresh for ever; while the database does not answer, what was read last stays."""
        while True:
            await asyncio.sleep(every_s)
            await self._catch_up()

    @property
    def by_name(self) -> Mapping[str, Project]:
        """Each project under its key and under its id."""
        return self._by_name

    def list(self) -> tuple[Project, ...]:
        """All projects: the configured ones, the stored ones by age, the built-in one."""
        return self._all

    def get(self, name: str) -> Project:
        """The project of that id or key; ProjectNotFound suggests the nearest key."""
        found = self._by_name.get(name)
        if found is None:
            raise missing(name, {project.key: project for project in self._all})
        return found

    async def create(self, draft: Project) -> Project:
        """Keep a new project; id, times and origin of the draft do not count. Conflict when its key is taken."""
        _check(draft)
        now_ms = self._now_ms()
        # The stored default project goes on where the built-in one was: what has been stored belongs to it.
        project_id = self._built_in.id if draft.key == self._built_in.key else self._ids.uuid()
        project = replace(draft, id=project_id, created_at_ms=now_ms, updated_at_ms=now_ms, origin="stored")
        if any(one.key == draft.key for one in self._configured):
            raise Conflict(f"key: the project {draft.key!r} is in the configuration already.", param="key")

        def work(connection: Connection) -> None:
            store.begin_change(connection)
            if store.holds_key(connection, project.key):
                raise Conflict(f"key: there is a project {project.key!r} already.", param="key")
            if store.count(connection) >= PROJECTS_MAX:
                raise Conflict(f"There are {PROJECTS_MAX} projects already, and more are not kept.")
            store.insert(connection, project)

        await self._database.write(work)
        await self._catch_up()
        return project

    async def update(self, name: str, change: Change, *, seen_ms: int | None = None) -> Project:
        """Change a project; Conflict when it is not the one that had `seen_ms` as its `updated_at_ms`.

        `change` is pure, and may be called again.
        """
        known = self._changeable(name, "changed")
        now_ms = self._now_ms()

        def work(connection: Connection) -> Project:
            store.begin_change(connection)
            kept = store.find(connection, known.id)
            if kept is None and known.origin == "stored":
                raise missing(name, {})
            before = kept or known
            if seen_ms is not None and before.updated_at_ms != seen_ms:
                rule = f"the project was changed since, its `updated_at_ms` is {before.updated_at_ms}"
                raise Conflict(f"updated_at_ms: {rule}.", param="updated_at_ms")
            after = replace(
                change(before),
                id=before.id,
                key=before.key,
                created_at_ms=before.created_at_ms or now_ms,
                updated_at_ms=max(now_ms, before.updated_at_ms + 1),
                origin="stored",
            )
            _check(after)
            if kept is None:
                store.insert(connection, after)
            else:
                store.update(connection, after)
            return after

        after = await self._database.write(work)
        await self._catch_up()
        return after

    async def delete(self, name: str) -> None:
        """Forget a project; what was stored for its requests stays."""
        known = self._changeable(name, "deleted")
        if known.origin == "built-in":
            raise Conflict(f"The project {known.key!r} is always there: it can be changed, but not be deleted.")

        def work(connection: Connection) -> None:
            store.begin_change(connection)
            if not store.delete(connection, known.id):
                raise missing(name, {})

        await self._database.write(work)
        await self._catch_up()

    async def _catch_up(self) -> None:
        """Refresh if the database answers; what has been written is kept in any case."""
        with contextlib.suppress(Unavailable):
            await self.refresh()

    def _changeable(self, name: str, verb: str) -> Project:
        project = self.get(name)
        if project.origin == "config":
            raise Conflict(f"The project {project.key!r} is in the configuration: it is {verb} there.")
        return project

    def _show(self, stored: tuple[Project, ...]) -> None:
        fixed = {project.key for project in self._configured}
        shown = [*self._configured, *(project for project in stored if project.key not in fixed)]
        if all(project.key != self._built_in.key for project in shown):
            shown.append(self._built_in)
        self._all = tuple(shown)
        by_id = {project.id: project for project in shown}
        self._by_name = MappingProxyType(by_id | {project.key: project for project in shown})

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)


def _check(project: Project) -> None:
    """BadRequest for the first rule that the project breaks."""
    for place, rule in broken(project):
        param = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)[1:]
        raise BadRequest(f"{param}: {rule}.", param=param)
