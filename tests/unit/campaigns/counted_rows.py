"""Campaigns that have gathered something, for tests: rows that are put straight into the database."""

from __future__ import annotations

from antiphon.campaigns import aggregates
from antiphon.campaigns.aggregates import Counted
from antiphon.db import Connection, Database
from antiphon.feedback import metric_store
from tests.unit.feedback.said import METRICS

SCORE = (
    "INSERT INTO campaign_scores (campaign_id, metric_id, kind, subject, who, variant, unit, at_ms, value)"
    " VALUES ('c-id', :metric_id, 'direct', :subject, 0, :variant, :unit, :at_ms, :value)"
)
PREFERENCE = (
    "INSERT INTO campaign_preferences"
    " (campaign_id, metric_id, first_id, second_id, who, preferred, other, tied, at_ms)"
    " VALUES ('c-id', :metric_id, :first_id, 'z', 0, :preferred, :other, 0, 0)"
)
MINUTE_MS = 60_000


async def keep_metrics(database: Database) -> None:
    """The metrics that goals name."""

    def work(connection: Connection) -> None:
        for one in METRICS:
            metric_store.insert(connection, one)

    await database.write(work)


async def requests(database: Database, variant: str, n: int, *, failed: int = 0, first_unit: int = 0) -> None:
    """So many requests of one variant, each of a unit of its own; the first ones failed."""

    def work(connection: Connection) -> None:
        for number in range(n):
            unit = first_unit + number
            counted = Counted(
                campaign_id="c-id",
                answer_id=f"{variant}-{unit}",
                variant=variant,
                unit=unit,
                at_ms=MINUTE_MS * (number % 3),
                latency_ms=100.0 + number % 7,
                failed=number < failed,
            )
            aggregates.count(connection, counted)

    await database.write(work)


async def scores(database: Database, metric_id: str, variant: str, n: int, hits: int) -> None:
    """So many scores of one variant, of which so many are 1 and all others 0."""

    def work(connection: Connection) -> None:
        for number in range(n):
            connection.run(
                SCORE,
                metric_id=metric_id,
                subject=f"{variant}-{number}",
                variant=variant,
                unit=number,
                at_ms=MINUTE_MS * (number % 3),
                value=float(number < hits),
            )

    await database.write(work)


async def preferences(database: Database, metric_id: str, preferred: str, other: str, n: int) -> None:
    """So many comparisons that preferred one variant to the other."""

    def work(connection: Connection) -> None:
        for number in range(n):
            first_id = f"{preferred}-{number}"
            connection.run(PREFERENCE, metric_id=metric_id, first_id=first_id, preferred=preferred, other=other)

    await database.write(work)
