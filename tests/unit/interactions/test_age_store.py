"""Interactions by project and age, on both databases."""

from __future__ import annotations

from antiphon.db import Connection, Database
from antiphon.interactions import age_store, session_store, store
from antiphon.interactions.model import Filter
from antiphon.interactions.paging import Paging
from tests.unit.interactions.stored import ANN, BOB, NOW_MS, keep, row, uuid


async def test_projects_that_have_interactions_are_found(database: Database) -> None:
    """Each once, whoever's they are."""
    await keep(database, row(1), row(2, project_id="b"), row(3, project_id="a"), row(4, project_id="b", account="bob"))
    assert await database.read(age_store.project_ids) == ["a", "b"]


async def test_the_oldest_go_first(database: Database) -> None:
    """Of one project, up to a number; sessions that lose their last turn go too."""

    def work(connection: Connection) -> tuple[int, ...]:
        before_ms = NOW_MS + 4
        of_none = age_store.delete(connection, None, before_ms=before_ms, most=1)
        rest = age_store.delete(connection, None, before_ms=before_ms, most=9)
        of_one = age_store.delete(connection, "p", before_ms=before_ms, most=9)
        return of_none, rest, of_one

    await keep(database, row(1, session_id="s"), row(2), row(3, account="bob"), row(4), row(1_000, project_id="p"))
    assert await database.write(work) == (1, 2, 0)
    left = await database.read(lambda connection: store.page(connection, ANN, Filter(), Paging()))
    assert [one.completion_id for one in left.items] == [uuid(1_000), uuid(4)]
    assert await database.read(lambda connection: store.count(connection, BOB, Filter())) == 0
    assert not await database.read(lambda connection: session_store.exists(connection, ANN, "s"))


async def test_what_was_added_late_is_not_old(database: Database) -> None:
    """Its age counts from when it came; its own time is what it shows."""
    await keep(database, row(1, kept_at_ms=NOW_MS + 500), row(2))

    def work(connection: Connection) -> int:
        return age_store.delete(connection, None, before_ms=NOW_MS + 100, most=9)

    assert await database.write(work) == 1
    assert await database.read(lambda connection: store.get(connection, ANN, uuid(1))) is not None
