"""Metrics in each database."""

from __future__ import annotations

import functools

from antiphon.db import Database
from antiphon.feedback import metric_store
from tests.unit.feedback.said import FOREIGN, LIKED, METRICS, STARS, keep_metrics, metric
from tests.unit.interactions.stored import uuid


async def test_metrics_come_back(database: Database) -> None:
    """All of an account, by age."""
    await keep_metrics(database)
    found = await database.read(lambda connection: metric_store.every(connection, "ann"))
    assert found == METRICS[:2]
    assert await database.read(lambda connection: metric_store.count(connection, "ann")) == 2


async def test_a_key_is_taken_once(database: Database) -> None:
    """By each account."""
    await keep_metrics(database)
    again = metric(uuid(1), "liked", name="Again")
    assert await database.write(lambda connection: metric_store.insert(connection, again)) is False
    found = await database.read(lambda connection: metric_store.find(connection, "ann", "liked"))
    assert found == METRICS[0]


async def test_a_metric_is_found_by_id_or_key(database: Database) -> None:
    """Within its account."""
    await keep_metrics(database)
    for name, expected in (("liked", LIKED), (LIKED, LIKED), ("stars", STARS), (FOREIGN, None), ("other", None)):
        found = await database.read(functools.partial(metric_store.find, account="ann", name=name))
        assert (None if found is None else found.id) == expected
