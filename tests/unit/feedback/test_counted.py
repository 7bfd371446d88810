"""What campaigns count of feedback, in each database: the last word, once, and also when its interaction is gone."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from antiphon.campaigns import store as campaign_store
from antiphon.db import Connection, Database, Row
from antiphon.feedback import store
from antiphon.feedback.counted import who
from antiphon.interactions import store as interaction_store
from antiphon.interactions.model import Filter
from tests.unit.campaigns.drafts import draft
from tests.unit.feedback.said import comparison, feedback, keep_metrics, outcome
from tests.unit.interactions.stored import ANN, keep, row, uuid

SCORES = "SELECT campaign_id, kind, variant, unit, value FROM campaign_scores ORDER BY campaign_id, variant, value"
PREFERENCES = "SELECT campaign_id, preferred, other, tied, tied_bad FROM campaign_preferences"


@pytest_asyncio.fixture(autouse=True)
async def _rows(database: Database) -> None:
    """Two completions of variants, one that was not drawn, one of no campaign, and a session with two variants."""

    def made(connection: Connection) -> None:
        for key in ("c", "d"):
            campaign_store.insert(connection, draft(key), campaign_store.begin_change(connection))

    await database.write(made)
    await keep_metrics(database)
    drawn: dict[str, Any] = {"campaign": "c"}
    await keep(
        database,
        row(1, **drawn, variant="a", unit=-7, session_id="s"),
        row(2, **drawn, variant="b", unit=8, session_id="t"),
        row(3, **drawn, variant="a", session_id="u"),
        row(4, session_id="u"),
        row(5, **drawn, variant="a", unit=9, session_id="mixed"),
        row(6, **drawn, variant="b", unit=9, session_id="mixed"),
        row(7, campaign="d", variant="b", unit=1),
        row(8, campaign="c", variant="a", unit=1, account="bob"),
    )


async def said(database: Database, *given: Any) -> list[Row]:  # Any: feedback, comparisons, outcomes
    """Say all of it, then look at what is counted."""

    def work(connection: Connection) -> list[Row]:
        for one in given:
            name = type(one).__name__.lower()
            getattr(store, f"insert_{name}")(connection, one)
        return connection.all(SCORES) + connection.all(PREFERENCES)

    return await database.write(work)


async def test_feedback_on_a_variant_is_counted(database: Database) -> None:
    """With the campaign's id, the variant and the unit; other completions count nowhere."""
    found = await said(database, feedback(1, 1), feedback(2, 2, value=0.0), feedback(3, 3), feedback(4, 4))
    assert found == [("c-id", "direct", "a", -7, 1.0), ("c-id", "direct", "b", 8, 0.0)]


async def test_the_last_word_counts_once(database: Database) -> None:
    """Of each user, whatever they said before."""
    again = [feedback(number, 1, user="u", value=float(number % 2)) for number in range(1, 4)]
    found = await said(database, *again, feedback(5, 1, user="w", value=0.0))
    assert sorted(row[4] for row in found) == [0.0, 1.0]


async def test_other_campaigns_and_accounts_stay_apart(database: Database) -> None:
    """An account that has no such campaign counts nothing."""
    found = await said(database, feedback(1, 7), feedback(2, 8, account="bob", metric_id=uuid(103)))
    assert found == [("d-id", "direct", "b", 1, 1.0)]


async def test_outcomes_count_for_the_variant_of_the_session(database: Database) -> None:
    """A session with two variants, or with none that was drawn, speaks for neither."""
    given = [outcome(number, name) for number, name in enumerate(("s", "t", "u", "mixed"), start=1)]
    found = await said(database, *given)
    assert found == [("c-id", "outcome", "a", -7, 2.5), ("c-id", "outcome", "b", 8, 2.5)]


async def test_comparisons_between_variants_are_counted(database: Database) -> None:
    """The last word on a pair, and none within one variant or with another campaign."""
    found = await said(database, comparison(1, 1, 2), comparison(2, 2, 1), comparison(3, 1, 3), comparison(4, 2, 7))
    assert found == [("c-id", "b", "a", 0, 0)]
    assert (await said(database, comparison(5, 2, 1, tied="good"))) == [("c-id", "b", "a", 1, 0)]
    assert (await said(database, comparison(6, 2, 1, tied="bad"))) == [("c-id", "b", "a", 1, 1)]


async def test_what_was_counted_stays(database: Database) -> None:
    """When interactions are deleted, their feedback goes, and the numbers do not."""
    before = await said(database, feedback(1, 1, user="Ann Smith"), outcome(1, "s"), comparison(1, 1, 2))

    def work(connection: Connection) -> list[Row]:
        interaction_store.delete(connection, ANN, Filter(completion_ids=(uuid(1), uuid(2))), 10)
        return connection.all(SCORES) + connection.all(PREFERENCES)

    assert await database.write(work) == before


async def test_a_session_is_not_named(database: Database) -> None:
    """What stands for it says nothing of it."""
    await said(database, outcome(1, "s"))
    (subject,) = await database.read(lambda connection: connection.all("SELECT subject FROM campaign_scores"))
    assert len(subject[0]) == 32


def test_users_are_told_apart_on_one_subject_only() -> None:
    """The same one is another number on every subject."""
    assert who("x", "u") == who("x", "u")
    assert len({who("x", "u"), who("x", None), who("y", "u"), who("x", "w")}) == 4
