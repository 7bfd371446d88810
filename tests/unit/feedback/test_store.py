"""Feedback, comparisons and outcomes in each database: the last word counts, and none is forgotten."""

from __future__ import annotations

import functools

import pytest
import pytest_asyncio

from antiphon.db import Connection, Database
from antiphon.feedback import store
from antiphon.interactions import store as interaction_store
from antiphon.interactions.model import Filter
from tests.unit.feedback.said import STARS, comparison, feedback, keep_metrics, outcome
from tests.unit.interactions.stored import ANN, keep, row, uuid

TABLES = (
    "feedback", "feedback_standing", "comparisons", "comparisons_standing", "outcomes", "outcomes_standing",
)  # fmt: skip


@pytest_asyncio.fixture(autouse=True)
async def _rows(database: Database) -> None:
    await keep_metrics(database)
    await keep(database, *(row(number, session_id="s") for number in range(1, 4)))


async def test_feedback_comes_back(database: Database) -> None:
    """In full, and by its completions."""
    full = feedback(1, 1, user="u", reason="Style", details="Too long.", value=0.0)
    least = feedback(2, 2)

    def work(connection: Connection) -> None:
        store.insert_feedback(connection, full)
        store.insert_feedback(connection, least)

    await database.write(work)
    found = await database.read(
        lambda connection: [
            store.feedback_of(connection, "ann", [uuid(1), uuid(2), uuid(3)]),
            store.feedback_of(connection, "ann", [uuid(2)]),
            store.feedback_of(connection, "ann", []),
            store.feedback_of(connection, "bob", [uuid(1)]),
        ]
    )
    assert found == [(full, least), (least,), (), ()]


async def test_the_last_feedback_stands(database: Database) -> None:
    """Of each user by each metric; what it replaced is history."""
    first, second = feedback(1, 1, user="u"), feedback(2, 1, user="u", value=0.0)
    others = [feedback(3, 1), feedback(4, 1, user="w"), feedback(5, 1, user="u", metric_id=STARS, value=4.5)]

    def work(connection: Connection) -> None:
        for one in (first, second, *others):
            store.insert_feedback(connection, one)

    await database.write(work)
    standing = await database.read(lambda connection: store.feedback_of(connection, "ann", [uuid(1)]))
    assert standing == (second, *others)
    assert await database.read(lambda connection: store.standing(connection, uuid(1), STARS, "u")) == others[2]
    assert await database.read(lambda connection: store.standing(connection, uuid(1), STARS, None)) is None
    assert await database.read(lambda connection: store.history_of(connection, "ann", uuid(1))) == (
        first,
        second,
        *others,
    )
    assert await database.read(lambda connection: store.history_of(connection, "bob", uuid(1))) == ()


async def test_the_last_comparison_stands(database: Database) -> None:
    """Of each user on each pair, whichever of the two was preferred."""
    first, second = comparison(1, 1, 2, user="u"), comparison(2, 2, 1, user="u", tied="bad")
    third = comparison(3, 3, 1)

    def work(connection: Connection) -> None:
        for one in (first, second, third):
            store.insert_comparison(connection, one)

    await database.write(work)
    for completion, expected in ((1, (second, third)), (2, (second,)), (3, (third,))):
        ids = [uuid(completion)]
        found = await database.read(functools.partial(store.comparisons_of, account="ann", completion_ids=ids))
        assert found == expected
    assert await database.read(lambda connection: store.comparisons_of(connection, "bob", [uuid(1)])) == ()


async def test_the_last_outcome_stands(database: Database) -> None:
    """Of each user on each session."""
    first, second, third = outcome(1, "s"), outcome(2, "s", value=-1.0), outcome(3, "s", user="u")

    def work(connection: Connection) -> None:
        for one in (first, second, third):
            store.insert_outcome(connection, one)

    await database.write(work)
    assert await database.read(lambda connection: store.outcomes_of(connection, "ann", "s")) == (second, third)
    assert await database.read(lambda connection: store.outcomes_of(connection, "bob", "s")) == ()


@pytest.mark.parametrize("wanted", [Filter(completion_ids=(uuid(1),)), Filter(session_id="s")])
async def test_what_was_said_goes_with_what_it_was_about(database: Database, wanted: Filter) -> None:
    """Deleting interactions deletes their feedback and comparisons, deleting a session its outcomes."""

    def work(connection: Connection) -> None:
        store.insert_feedback(connection, feedback(1, 1))
        store.insert_feedback(connection, feedback(2, 1, value=0.0))
        store.insert_comparison(connection, comparison(1, 1, 2))
        store.insert_comparison(connection, comparison(2, 3, 1))
        store.insert_outcome(connection, outcome(1, "s"))
        interaction_store.delete(connection, ANN, wanted, 10)

    await database.write(work)
    left = await database.read(lambda connection: [connection.one(f"SELECT COUNT(*) FROM {table}") for table in TABLES])
    outcomes = 0 if wanted.session_id else 1
    assert left == [(0,), (0,), (0,), (0,), (outcomes,), (outcomes,)]
