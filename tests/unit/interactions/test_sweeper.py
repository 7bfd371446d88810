"""What is too old is deleted, by one gateway of several, and by projects."""

from __future__ import annotations

import pytest

from antiphon.clock import ManualClock
from antiphon.db import Database
from antiphon.interactions import store
from antiphon.interactions import sweeper as sweeper_module
from antiphon.interactions.model import Filter
from antiphon.interactions.retention import DAY_MS, Retention
from antiphon.interactions.sweeper import EVERY_S, Sweeper
from antiphon.projects.model import Project
from tests.unit.interactions.stored import ANN, NOW_MS, keep, row

KEEPS = Project("keeps", "keeps", "Keeps", keep_days=0)
HASTY = Project("hasty", "hasty", "Hasty", keep_days=1)


class Swept:
    """Sweepers of a database, all with one clock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.clock = ManualClock(NOW_MS / 1000)
        self.told: list[int] = []

    def sweeper(self, days: int = 30) -> Sweeper:
        """One more gateway's."""
        projects = {project.id: project for project in (KEEPS, HASTY)}
        return Sweeper(
            self._database, Retention(days), projects=lambda: projects, clock=self.clock, on_swept=self.told.append
        )

    async def left(self) -> int:
        """How many interactions are there."""
        return await self._database.read(lambda connection: store.count(connection, ANN, Filter()))


async def test_projects_keep_what_they_say(database: Database) -> None:
    """And one that is gone keeps as the gateway does."""
    swept = Swept(database)
    ages = {"keeps": 1_000, "hasty": 2, "gone": 20}
    rows = [
        row(n, project_id=project, created_at_ms=NOW_MS - days * DAY_MS)
        for n, (project, days) in enumerate(ages.items())
    ]
    await keep(database, *rows, row(9, created_at_ms=NOW_MS - 31 * DAY_MS))
    assert await swept.sweeper().sweep() == 2
    assert (await swept.left(), swept.told) == (2, [2])
    swept.clock.advance(11 * DAY_MS / 1000)
    assert await swept.sweeper().sweep() == 1
    assert await swept.left() == 1


async def test_one_gateway_of_several_sweeps(database: Database) -> None:
    """Another does when its turn is over, as it is when that one was killed."""
    swept = Swept(database)
    await keep(database, row(1, created_at_ms=NOW_MS - 40 * DAY_MS))
    assert [await swept.sweeper().sweep(), await swept.sweeper().sweep()] == [1, 0]
    await keep(database, row(2, created_at_ms=NOW_MS - 40 * DAY_MS))
    assert await swept.sweeper().sweep() == 0
    swept.clock.advance(EVERY_S)
    assert await swept.sweeper().sweep() == 1
    assert swept.told == [1, 1]


async def test_many_go_in_parts(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody waits for long."""
    monkeypatch.setattr(sweeper_module, "SWEPT_TOGETHER", 3)
    swept = Swept(database)
    await keep(database, *(row(n, created_at_ms=NOW_MS - 40 * DAY_MS) for n in range(7)))
    assert await swept.sweeper(0).sweep() == 0
    swept.clock.advance(EVERY_S)
    assert await swept.sweeper().sweep() == 7
