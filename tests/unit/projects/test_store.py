"""Projects in each kind of database."""

from __future__ import annotations

import pytest

from antiphon.chat import Sampling
from antiphon.db import Connection, ConstraintBroken, Database
from antiphon.projects import store
from antiphon.projects.model import Project
from antiphon.projects.template import Argument, Template

FULL = Project(
    id="id-1",
    key="full",
    name="Everything",
    description="Zoë's \x00 \N{ROCKET} ${x} :name %s",
    default_model="a/b:c",
    models=("a/b:c", "d"),
    system_prompt=Template("Be {{tone}}\x00.", (Argument("tone", default="kind", description="How"),)),
    tool_providers=("search",),
    defaults=Sampling(temperature=0.25, max_tokens=7, stop=("x",), logit_bias={"1": -1.5}),
    timeout_s=2.5,
    store=False,
    created_at_ms=1_795_237_696_000,
    updated_at_ms=1_795_237_696_001,
)
PLAIN = Project("id-2", "plain", "Plain", created_at_ms=1)


async def kept(database: Database, *projects: Project) -> None:
    """Keep some projects."""

    def work(connection: Connection) -> None:
        for project in projects:
            store.insert(connection, project)

    await database.write(work)


async def test_what_is_kept_comes_back(database: Database) -> None:
    """Every field, by id and among all, the oldest first."""
    await kept(database, FULL, PLAIN)
    assert await database.read(lambda connection: store.find(connection, "id-1")) == FULL
    assert await database.read(store.every) == (PLAIN, FULL)
    assert await database.read(store.count) == 2
    assert await database.read(lambda connection: store.holds_key(connection, "plain"))


async def test_what_is_not_there(database: Database) -> None:
    """An empty database has no project, and no change."""
    assert await database.read(lambda connection: store.find(connection, "id-1")) is None
    assert await database.read(store.every) == ()
    assert await database.read(store.count) == 0
    assert not await database.read(lambda connection: store.holds_key(connection, "plain"))
    assert not await database.write(lambda connection: store.delete(connection, "id-1"))
    assert await database.read(store.changes) == 0


async def test_a_change_replaces(database: Database) -> None:
    """The document of that project, and no other."""
    await kept(database, FULL, PLAIN)
    other = Project("id-2", "plain", "Renamed", created_at_ms=1)
    await database.write(lambda connection: store.update(connection, other))
    assert await database.read(store.every) == (other, FULL)


async def test_a_deleted_project_is_gone(database: Database) -> None:
    """And its key is free."""
    await kept(database, PLAIN)
    assert await database.write(lambda connection: store.delete(connection, "id-2"))
    await kept(database, Project("id-3", "plain", "Again"))
    assert [project.id for project in await database.read(store.every)] == ["id-3"]


async def test_changes_are_counted(database: Database) -> None:
    """One by one."""
    for number in (1, 2):
        await database.write(store.begin_change)
        assert await database.read(store.changes) == number


async def test_a_key_is_there_once(database: Database) -> None:
    """The database holds it, whatever came before."""
    await kept(database, PLAIN)
    with pytest.raises(ConstraintBroken):
        await kept(database, Project("id-3", "plain", "Second"))


async def test_what_is_built_in_is_stored_once_it_is_kept(database: Database) -> None:
    """A document never says that it came from elsewhere."""
    await kept(database, Project("id-2", "default", "Default", origin="built-in"))
    (found,) = await database.read(store.every)
    assert found.origin == "stored"
