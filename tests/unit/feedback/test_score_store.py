"""What scores come to, in the database."""

from __future__ import annotations

from antiphon.db import Connection, Database
from antiphon.feedback import score_store, store
from antiphon.feedback.score_store import ScoreStatistics
from antiphon.interactions.model import Filter, LabelFilter
from tests.unit.feedback.said import FOREIGN, LIKED, STARS, comparison, feedback, keep_metrics
from tests.unit.interactions.stored import ANN, keep, row


async def furnish(database: Database) -> None:
    """Three completions of two models with stars, one of which was revised, and a comparison."""
    await keep_metrics(database)
    await keep(database, row(1, model="a"), row(2, model="a"), row(3, model=None, labels={"k": "v"}), row(4))

    def work(connection: Connection) -> None:
        for number, completion, value in ((1, 1, 5.0), (2, 1, 2.0), (3, 2, 4.0), (4, 3, 1.0)):
            store.insert_feedback(connection, feedback(number, completion, metric_id=STARS, value=value))
        store.insert_feedback(connection, feedback(5, 2, user="u"))
        store.insert_comparison(connection, comparison(1, 1, 2, metric_id=STARS))

    await database.write(work)


async def test_statistics_by_group(database: Database) -> None:
    """Of what stands, by metric; a revised value counts once."""
    await furnish(database)
    groups = ("a", None)
    found = await database.read(lambda c: score_store.statistics(c, ANN, Filter(), "model", groups))
    assert found == (
        ScoreStatistics(None, STARS, 1, 1.0, 1.0, 1.0, 0.0, 1.0),
        ScoreStatistics("a", LIKED, 1, 1.0, 1.0, 1.0, 0.0, 1.0),
        ScoreStatistics("a", STARS, 2, 3.0, 2.0, 4.0, 1.0, 6.0),
    )
    labelled = Filter(labels=(LabelFilter("k"),))
    only = await database.read(lambda c: score_store.statistics(c, ANN, labelled, "model", groups))
    assert [one.group for one in only] == [None]
    assert await database.read(lambda c: score_store.statistics(c, ANN, Filter(), "model", ())) == ()


async def test_metrics_that_were_used(database: Database) -> None:
    """For completions, and for comparisons; those of others do not count."""
    await furnish(database)
    assert await database.read(lambda c: score_store.scored(c, "ann")) == {LIKED, STARS}
    assert await database.read(lambda c: score_store.compared(c, "ann")) == {STARS}
    assert FOREIGN not in await database.read(lambda c: score_store.scored(c, "bob"))
