"""What scores come to, as a service."""

from __future__ import annotations

from antiphon.db import Database
from antiphon.feedback.scores import Scores, Used
from antiphon.feedback.service import Feedbacks, Given
from antiphon.interactions.model import Filter
from tests.unit.feedback.said import STARS
from tests.unit.interactions.stored import ANN, keep, row, uuid


async def test_scores_are_added_up(database: Database, feedbacks: Feedbacks) -> None:
    """By group; and which metrics have any is known."""
    scores = Scores(database)
    assert await scores.used("ann") == Used()
    await keep(database, row(1), row(2))
    for number, value in ((1, 2.0), (2, 4.0)):
        await feedbacks.give(ANN, uuid(number), Given(metric="stars", value=value))
    (one,) = await scores.statistics(ANN, Filter(), "model", ["m"])
    assert (one.group, one.metric_id, one.count, one.average, one.total) == ("m", STARS, 2, 3.0, 6.0)
    assert await scores.used("ann") == Used(frozenset({STARS}))
