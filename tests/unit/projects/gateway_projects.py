"""The projects of a gateway for tests: on a database, with a clock that stands still and ids that repeat."""

from __future__ import annotations

from antiphon.clock import Clock, ManualClock
from antiphon.db import Database
from antiphon.ids import seeded
from antiphon.projects.model import Project, built_in
from antiphon.projects.service import Projects

SET = Project("set-id", "set", "Set", default_model="m", origin="config")


def draft(key: str, name: str = "A project") -> Project:
    """What a caller gives to be kept."""
    return Project("", key, name)


async def projects_of(
    database: Database, *, clock: Clock | None = None, configured: tuple[Project, ...] = (SET,), seed: int = 1
) -> Projects:
    """The projects of one gateway, as it sees them after its start."""
    projects = Projects(
        database, configured=configured, built_in=built_in("m"), clock=clock or ManualClock(), ids=seeded(seed)
    )
    await projects.refresh()
    return projects
