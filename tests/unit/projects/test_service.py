"""Projects as a gateway sees and changes them, alone and beside another gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest
from msgspec.structs import replace

from antiphon.clock import ManualClock
from antiphon.db import Database, Work
from antiphon.errors import BadRequest, Conflict, ProjectNotFound, Unavailable
from antiphon.projects import service
from antiphon.projects.model import Project, configured_id
from antiphon.projects.service import Projects
from antiphon.projects.template import Argument, Template
from tests.unit.projects.gateway_projects import SET, draft, projects_of

T = TypeVar("T")


class Interrupted:
    """A database that stops answering when it is told to; what comes before goes to a real one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.healthy = True
        self.refused, self.answered = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def read(self, work: Work[T]) -> T:
        """Unavailable while it is not healthy."""
        if not self.healthy:
            self.refused.release()
            raise Unavailable
        self.answered.release()
        return await self._database.read(work)

    async def write(self, work: Work[T]) -> T:
        """Writes always reach the database."""
        return await self._database.write(work)

    async def close(self) -> None:
        """The real one is closed by who opened it."""


def renamed(name: str) -> Callable[[Project], Project]:
    """A change of the name."""
    return lambda project: replace(project, name=name)


async def test_a_fresh_gateway_has_a_default_project(database: Database) -> None:
    """On the first model, found by key and by an id that never changes."""
    projects = await projects_of(database, configured=())
    (found,) = projects.list()
    assert (found.key, found.default_model, found.origin) == ("default", "m", "built-in")
    assert projects.get("default") == projects.get(configured_id("default")) == found


async def test_a_project_is_made(database: Database) -> None:
    """It gets an id, times and an origin, and can be used at once."""
    clock = ManualClock(1_700_000_000.25)
    projects = await projects_of(database, clock=clock)
    made = await projects.create(replace(draft("a"), id="mine", created_at_ms=5, origin="config"))
    assert (made.created_at_ms, made.updated_at_ms, made.origin) == (1_700_000_000_250, 1_700_000_000_250, "stored")
    assert made.id != "mine"
    assert projects.get("a") == projects.get(made.id) == made
    assert [project.key for project in projects.list()] == ["set", "a", "default"]


@pytest.mark.parametrize("key", ["set", "a"])
async def test_a_key_is_taken(database: Database, key: str) -> None:
    """By a configured project or by one that is kept."""
    projects = await projects_of(database)
    await projects.create(draft("a"))
    with pytest.raises(Conflict, match=r"^key: ") as refused:
        await projects.create(draft(key))
    assert refused.value.param == "key"


async def test_rules_are_kept(database: Database) -> None:
    """The field is named, when a project is made and when it is changed."""
    projects = await projects_of(database)
    with pytest.raises(BadRequest, match=r"^key: expected"):
        await projects.create(draft("a/b"))
    await projects.create(draft("a"))
    wrong = Template("x", (Argument("y"),))
    with pytest.raises(BadRequest, match=r"^arguments\[0\]\.name: the system prompt has no `\{\{y\}\}`\.$") as refused:
        await projects.update("a", lambda project: replace(project, system_prompt=wrong))
    assert refused.value.param == "arguments[0].name"
    assert projects.get("a").system_prompt is None


async def test_the_number_of_projects_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are in memory."""
    monkeypatch.setattr(service, "PROJECTS_MAX", 2)
    projects = await projects_of(database)
    await projects.create(draft("a"))
    await projects.create(draft("b"))
    with pytest.raises(Conflict, match="2 projects"):
        await projects.create(draft("c"))


async def test_a_project_is_changed(database: Database) -> None:
    """Its time moves on even if the clock does not; id and key stay."""
    projects = await projects_of(database)
    made = await projects.create(draft("a"))
    after = await projects.update("a", lambda project: replace(project, name="New", id="x", key="y"))
    assert after == replace(made, name="New", updated_at_ms=made.updated_at_ms + 1)
    assert projects.get("a") == after


async def test_a_change_of_something_older_is_refused(database: Database) -> None:
    """Who says what was seen does not overwrite what was not seen."""
    projects = await projects_of(database)
    made = await projects.create(draft("a"))
    after = await projects.update(made.id, renamed("First"), seen_ms=made.updated_at_ms)
    with pytest.raises(Conflict, match=str(after.updated_at_ms)) as refused:
        await projects.update("a", renamed("Second"), seen_ms=made.updated_at_ms)
    assert refused.value.param == "updated_at_ms"
    assert projects.get("a").name == "First"


async def test_a_project_is_deleted(database: Database) -> None:
    """And no longer found."""
    projects = await projects_of(database)
    made = await projects.create(draft("a"))
    await projects.delete(made.id)
    for name in ("a", made.id):
        with pytest.raises(ProjectNotFound):
            projects.get(name)


async def test_configured_projects_stay_as_they_are(database: Database) -> None:
    """The refusal says where they are changed."""
    projects = await projects_of(database)
    with pytest.raises(Conflict, match="in the configuration: it is changed there"):
        await projects.update("set", renamed("x"))
    with pytest.raises(Conflict, match="in the configuration: it is deleted there"):
        await projects.delete("set-id")


async def test_a_configured_project_hides_a_stored_one(database: Database) -> None:
    """The stored one is there again when the configuration no longer has it."""
    before = await projects_of(database, configured=())
    made = await before.create(draft("set"))
    assert (await projects_of(database)).get("set") == SET
    assert (await projects_of(database, configured=())).get("set") == made


async def test_the_default_project_is_kept_once_it_is_changed(database: Database) -> None:
    """Under the id that it had, so that what was stored stays its own; deleted, it is as at first."""
    projects = await projects_of(database, configured=())
    at_first = projects.get("default")
    with pytest.raises(Conflict, match="always there"):
        await projects.delete("default")
    after = await projects.update("default", renamed("Mine"), seen_ms=0)
    assert (after.id, after.name, after.origin) == (at_first.id, "Mine", "stored")
    assert after.created_at_ms > 0
    assert projects.list() == (after,)
    await projects.delete("default")
    assert projects.list() == (at_first,)
    again = await projects.create(draft("default", "New"))
    assert (again.id, projects.list()) == (at_first.id, (again,))


async def test_what_is_missing_is_told_with_the_nearest_key(database: Database) -> None:
    """Whoever looks for it."""
    projects = await projects_of(database)
    with pytest.raises(ProjectNotFound, match=r"^The project 'defaut' does not exist\. Did you mean 'default'\?$"):
        projects.get("defaut")
    for attempt in (projects.update("x", renamed("y")), projects.delete("x")):
        with pytest.raises(ProjectNotFound):
            await attempt


async def test_other_gateways_are_heard(database: Database) -> None:
    """A gateway sees what another one made, changed and deleted when it refreshes."""
    here = await projects_of(database, seed=1)
    there = await projects_of(database, seed=2)
    made = await here.create(draft("a"))
    await there.refresh()
    assert there.get("a") == made
    after = await there.update("a", renamed("Theirs"))
    await here.refresh()
    assert here.get("a") == after
    await here.delete("a")
    with pytest.raises(ProjectNotFound):
        await there.update("a", renamed("Gone"))
    with pytest.raises(ProjectNotFound):
        await there.delete("a")
    with pytest.raises(ProjectNotFound):
        await here.create(draft("b"))
        await there.refresh()
        there.get("a")
    assert there.get("b").name == "A project"


async def test_changes_from_two_gateways_add_up(database: Database) -> None:
    """Neither is lost, as each is made to what is there."""
    here, there = await projects_of(database, seed=1), await projects_of(database, seed=2)
    await here.create(draft("a"))
    await there.refresh()
    await asyncio.gather(
        here.update("a", renamed("Ours")),
        there.update("a", lambda project: replace(project, description="Theirs")),
    )
    await here.refresh()
    assert (here.get("a").name, here.get("a").description) == ("Ours", "Theirs")


async def test_of_two_with_one_key_one_is_made(database: Database) -> None:
    """Also at the same moment in two gateways."""
    both = await projects_of(database, seed=1), await projects_of(database, seed=2)
    outcomes = await asyncio.gather(*(each.create(draft("a")) for each in both), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Project"]


async def test_an_interrupted_database_keeps_what_was_read(database: Database) -> None:
    """Reading fails at the start; later it is tried again, and requests go on."""
    interrupted = Interrupted(database)
    interrupted.healthy = False
    with pytest.raises(Unavailable):
        await projects_of(interrupted)
    interrupted.healthy = True
    projects = await projects_of(interrupted)
    interrupted.healthy = False
    made = await projects.create(draft("a"))
    assert [project.key for project in projects.list()] == ["set", "default"]
    interrupted.refused, interrupted.answered = asyncio.Semaphore(0), asyncio.Semaphore(0)
    running = asyncio.ensure_future(projects.run(every_s=0))
    await interrupted.refused.acquire()
    await interrupted.refused.acquire()
    interrupted.healthy = True
    await interrupted.answered.acquire()
    await interrupted.answered.acquire()  # the second read begins when the first is seen
    assert projects.get("a") == made
    running.cancel()
    await asyncio.wait([running])


async def test_nothing_is_read_again_without_a_change(database: Database) -> None:
    """The view is the same object as before."""
    projects: Projects = await projects_of(database)
    before = projects.by_name
    await projects.refresh()
    assert projects.by_name is before
