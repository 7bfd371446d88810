"""How arms grew, in each database: a unit counts once, where it first came, with the mean of its values."""

from __future__ import annotations

from antiphon.campaigns import aggregates, growth_store
from antiphon.campaigns.aggregates import Counted, Part
from antiphon.campaigns.growth_store import Growth
from antiphon.db import Connection, Database
from antiphon.verdict.arm import Arm
from tests.unit.campaigns.counted_rows import MINUTE_MS, keep_metrics, scores
from tests.unit.campaigns.drafts import draft
from tests.unit.feedback.said import LIKED

CAMPAIGN = draft()
HALVES = aggregates.split(2)


async def count(database: Database, *rows: tuple[str, int, int, float | None]) -> None:
    """Requests of variants and units, at minutes, with what they took."""

    def work(connection: Connection) -> None:
        for number, (variant, unit, minute, latency_ms) in enumerate(rows):
            at_ms = minute * MINUTE_MS + 5
            one = Counted(
                campaign_id="c-id",
                answer_id=f"x-{number}",
                variant=variant,
                unit=unit,
                at_ms=at_ms,
                latency_ms=latency_ms,
            )
            aggregates.count(connection, one)

    await database.write(work)


async def test_a_unit_counts_where_it_first_came(database: Database) -> None:
    """Once, with the mean of what it ever had; one without a value counts nowhere."""
    await count(database, ("a", 1, 0, 10.0), ("a", 1, 2, 30.0), ("a", -2, 2, 5.0), ("b", 3, 2, None))
    found = await database.read(
        lambda connection: growth_store.of_measure(connection, CAMPAIGN, "latency_ms", MINUTE_MS, Part())
    )
    assert found == {0: {"a": Arm(1, 20.0, 400.0)}, 2 * MINUTE_MS: {"a": Arm(1, 5.0, 25.0)}}


async def test_all_that_came_is_what_the_report_counts(database: Database) -> None:
    """In however many parts it is read."""
    await keep_metrics(database)
    await scores(database, LIKED, "a", 9, 4)

    def work(connection: Connection) -> tuple[Growth, Growth, aggregates.Arms]:
        parts = [growth_store.of_scores(connection, CAMPAIGN, LIKED, "direct", MINUTE_MS, part) for part in HALVES]
        whole = growth_store.of_scores(connection, CAMPAIGN, LIKED, "direct", MINUTE_MS, Part())
        return growth_store.together(parts), whole, aggregates.scores(connection, CAMPAIGN, LIKED, "direct", Part())

    parts, whole, report = await database.read(work)
    assert parts == whole
    assert list(parts) == [0, MINUTE_MS, 2 * MINUTE_MS]
    assert sum(arms["a"].total for arms in parts.values()) == report["a"].total


def test_parts_are_added_in_the_order_of_time() -> None:
    """Of one stretch, of one variant, as of others."""
    one: Growth = {2: {"a": Arm(1, 1.0, 1.0)}}
    other: Growth = {1: {"b": Arm(2, 2.0, 2.0)}, 2: {"a": Arm(3, 3.0, 3.0)}}
    added = growth_store.together([one, other])
    assert list(added.items()) == [(1, {"b": Arm(2, 2.0, 2.0)}), (2, {"a": Arm(4, 4.0, 4.0)})]
