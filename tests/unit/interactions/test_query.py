"""SQL that reads along an index: what SQLite says of how it would go about it."""

from __future__ import annotations

import pytest

from antiphon.db import Connection, Database, Value
from antiphon.interactions import age_store
from antiphon.interactions.model import Filter, LabelFilter, Reach
from antiphon.interactions.paging import Paging, Position
from antiphon.interactions.query import Query

FILTERS = {
    "interactions_by_time": Filter(),
    "interactions_by_project": Filter(projects=("p",)),
    "interactions_by_model": Filter(models=("m",)),
    "interactions_by_prompt": Filter(prompt_hash="h"),
    "interactions_by_session": Filter(session_id="s"),
    "interactions_by_user": Filter(user="u"),
    "interactions_by_campaign": Filter(campaign="c", variants=("v",)),
    "interaction_labels_by_value": Filter(labels=(LabelFilter("k", ("v",)), LabelFilter("other", ("v", "w")))),
    "interaction_tags_by_tag": Filter(tags=("t", "u")),
}


async def plan(database: Database, query: Query, paging: Paging) -> str:
    """How SQLite would read the page."""
    sql = f"EXPLAIN QUERY PLAN SELECT i.completion_id FROM {query.tables} WHERE {query.page(paging)}"
    rows = await database.read(lambda connection: connection.all(sql, **query.values))
    return "\n".join(str(row[3]) for row in rows)


@pytest.mark.parametrize("index", FILTERS)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_page_is_a_range_of_an_index(database: Database, index: str) -> None:
    """No table is read through, and nothing is sorted: the page costs what it holds, however much there is."""
    query = Query(Reach("ann"), FILTERS[index])
    told = await plan(database, query, Paging(Position(1, "a"), 10))
    assert f"INDEX {index} (account=?" in told
    assert "created_at_ms" in told
    assert "SCAN" not in told
    assert "TEMP B-TREE" not in told


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_several_values_are_looked_up_too(database: Database) -> None:
    """Alternatives of a label, and a key that is limited to projects, use indexes as well."""
    wanted = Filter(labels=(LabelFilter("k", ("v", "w")),), completion_ids=("a", "b"))
    told = await plan(database, Query(Reach("ann", ("p", "q")), wanted), Paging())
    assert "SCAN" not in told


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_is_old_is_found_without_reading_what_is_not(database: Database) -> None:
    """And so are the projects that have anything: a step of an index for each."""
    values: dict[str, Value] = {"before_ms": 1, "most": 9, "project_id": "p", "after": ""}

    def work(connection: Connection) -> list[str]:
        statements = (age_store.OF_PROJECT, age_store.OF_NONE, age_store.NEXT)
        return [
            " ".join(str(row[3]) for row in connection.all(f"EXPLAIN QUERY PLAN {sql}", **values)) for sql in statements
        ]

    for told in await database.read(work):
        assert "INDEX interactions_by_age (project_id" in told
        assert "TEMP B-TREE" not in told


@pytest.mark.parametrize("reach", [Reach("ann"), Reach("ann", ()), Reach("ann", ("p",))])
def test_every_query_is_bound_to_its_account(reach: Reach) -> None:
    """Whatever is asked for, the account stands in front."""
    for wanted in FILTERS.values():
        query = Query(reach, wanted)
        assert query.where.startswith((f"{query.lead}.account = :account",))
        assert query.values["account"] == "ann"
        if reach.projects is not None:
            assert "i.project_id = " in query.where or "1 = 0" in query.where
