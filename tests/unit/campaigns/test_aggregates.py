"""What campaigns count, in each database: sums over units are those that Python makes of the same rows."""

from __future__ import annotations

import functools
import statistics
from collections import defaultdict
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from antiphon.campaigns import aggregates
from antiphon.campaigns.aggregates import Counted, Part
from antiphon.campaigns.model import MEASURES, Campaign, Weighting
from antiphon.db import Connection, Database
from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Tally
from antiphon.verdict.ratio import Period
from tests.unit.campaigns.drafts import draft, variant

SCORE = "INSERT INTO campaign_scores VALUES ('c-id', 'm', :kind, :subject, :who, :variant, :unit, :at_ms, :value)"
PREFERENCE = "INSERT INTO campaign_preferences VALUES ('c-id', 'm', :first, 'z', 1, :preferred, :other, :tied, 0, :bad)"
MINUTE_MS = 60_000
ALL = Part()


def counted(number: int, variant_key: str = "a", unit: int = 1, **fields: Any) -> Counted:  # Any: of several types
    """A request of the campaign."""
    made = Counted(campaign_id="c-id", answer_id=f"x-{number}", variant=variant_key, unit=unit, at_ms=number * 1_000)
    return replace(made, **fields)


async def count(database: Database, *rows: Counted) -> None:
    """Count them all."""

    def work(connection: Connection) -> None:
        for row in rows:
            aggregates.count(connection, row)

    await database.write(work)


async def score(database: Database, *rows: tuple[str, int, float], kind: str = "direct") -> None:
    """Keep scores of variants and units, one after the other."""

    def work(connection: Connection) -> None:
        for number, (variant_key, unit, value) in enumerate(rows):
            connection.run(
                SCORE,
                kind=kind,
                subject=f"s-{number}",
                who=number,
                at_ms=number * 1_000,
                variant=variant_key,
                unit=unit,
                value=value,
            )

    await database.write(work)


async def test_measures_are_summed_over_units(database: Database) -> None:
    """Each unit counts once, with its mean; times that are not there count nowhere."""
    random = Random(1)
    rows = [
        counted(
            number,
            random.choice("ab"),
            random.randrange(-9, 9),
            latency_ms=random.choice([None, random.random() * 1_000]),
            ttft_ms=random.random(),
            cost_micro_usdc=random.randrange(10_000),
            prompt_tokens=random.randrange(100),
            completion_tokens=random.randrange(100),
            failed=random.random() < 0.2,
            refused=random.random() < 0.1,
        )
        for number in range(300)
    ]
    await count(database, *rows, counted(1_000, campaign_id="other"))
    found = await database.read(lambda connection: aggregates.measures(connection, draft(), MEASURES, ALL))
    for measure, column in aggregates.MEASURED.items():
        values: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        for row in rows:
            if getattr(row, column) is not None:
                values[row.variant][row.unit].append(float(getattr(row, column)))
        for variant_key, units in values.items():
            means = [statistics.fmean(one) for one in units.values()]
            arm = found[measure][variant_key]
            assert arm.n == len(means)
            assert arm.total == pytest.approx(sum(means))
            assert arm.squares == pytest.approx(sum(mean * mean for mean in means))


async def test_a_request_counts_once(database: Database) -> None:
    """Whoever tells of it again."""
    await count(database, counted(1, latency_ms=5.0), counted(1, latency_ms=7.0))
    found = await database.read(lambda connection: aggregates.measures(connection, draft(), ["latency_ms"], ALL))
    assert found == {"latency_ms": {"a": Arm(1, 5.0, 25.0), "b": Arm()}}
    assert await database.read(lambda connection: aggregates.measures(connection, draft(), [], ALL)) == {}


async def test_scores_are_summed_over_units(database: Database) -> None:
    """Of the kind that is asked for."""
    await score(database, ("a", 1, 1.0), ("a", 1, 0.0), ("a", 2, 1.0), ("b", 1, 0.25))
    await score(database, ("b", 5, 1.0), kind="outcome")
    found = await database.read(lambda connection: aggregates.scores(connection, draft(), "m", "direct", ALL))
    assert found == {"a": Arm(2, 1.5, 1.25), "b": Arm(1, 0.25, 0.0625)}


async def test_preferences_are_tallied_by_pair(database: Database) -> None:
    """In the order of the variants, whichever was preferred."""

    def work(connection: Connection) -> None:
        said = [("a", "b", 0, 0), ("b", "a", 0, 0), ("b", "a", 0, 0), ("b", "a", 1, 0), ("a", "b", 1, 1)]
        for number, (preferred, other, tied, bad) in enumerate(said):
            connection.run(PREFERENCE, first=f"f-{number}", preferred=preferred, other=other, tied=tied, bad=bad)

    await database.write(work)
    found = await database.read(lambda connection: aggregates.preferences(connection, "c-id", "m", ["a", "b", "c"]))
    assert found == {("a", "b"): Tally(1, 2, 2, 1)}


async def test_guardrails_look_at_each_request(database: Database) -> None:
    """Whoever it is of."""
    await count(database, counted(1, unit=1, failed=True), counted(2, unit=1, failed=True), counted(3, unit=2))
    found = await database.read(
        lambda connection: aggregates.measures_of_requests(connection, draft(), ["error_rate"], ALL)
    )
    assert found == {"error_rate": {"a": Arm(3, 2.0, 2.0), "b": Arm()}}
    assert await database.read(lambda connection: aggregates.measures_of_requests(connection, draft(), [], ALL)) == {}


async def periods(database: Database, campaign: Campaign) -> list[Period]:
    """The periods of a campaign."""
    found = await database.read(lambda connection: aggregates.units(connection, campaign, ALL))
    return aggregates.periods(campaign, found)


async def test_units_are_held_against_the_only_weights(database: Database) -> None:
    """A unit counts once, however often it comes."""
    campaign = draft(weightings=(Weighting(0, (1.0, 3.0)),))
    await count(database, counted(1, "a", 1), counted(2, "a", 1), counted(3, "b", 2), counted(4, "b", 3))
    assert await periods(database, campaign) == [Period({"a": 1.0, "b": 3.0}, {"a": 1, "b": 2})]
    assert await periods(database, draft()) == [Period({"a": 1.0, "b": 1.0}, {"a": 1, "b": 2})]


async def test_units_belong_to_the_weights_that_they_first_met(database: Database) -> None:
    """One that is moved is not new, and minutes in which weights changed are left out."""
    campaign = draft(
        variants=(variant("a"), variant("b")),
        weightings=(Weighting(0, (1.0, 1.0)), Weighting(2 * MINUTE_MS + 5, (1.0, 9.0))),
    )
    await count(
        database,
        counted(1, "a", -1, at_ms=0),
        counted(2, "b", 2, at_ms=MINUTE_MS),
        counted(3, "b", 3, at_ms=2 * MINUTE_MS + 1),
        counted(4, "b", -1, at_ms=3 * MINUTE_MS),
        counted(5, "b", 4, at_ms=3 * MINUTE_MS),
        counted(6, "a", 5, at_ms=4 * MINUTE_MS),
    )
    assert await periods(database, campaign) == [
        Period({"a": 1.0, "b": 1.0}, {"a": 1, "b": 1}),
        Period({"a": 1.0, "b": 9.0}, {"a": 1, "b": 1}),
    ]


async def test_values_are_told_by_stretches_of_time(database: Database) -> None:
    """Those that people gave, and those that were measured."""
    await score(database, ("a", 1, 1.0), ("a", 2, 0.0), ("b", 3, 1.0))
    await count(database, counted(1, latency_ms=10.0), counted(2, latency_ms=30.0), counted(3))
    said, measured = await database.read(
        lambda connection: (
            aggregates.points(connection, draft(), "m", "direct", 2_000, ALL),
            aggregates.measure_points(connection, draft(), "latency_ms", 2_000, ALL),
        )
    )
    assert said == {(0, "a"): (2, 1.0), (2_000, "b"): (1, 1.0)}
    assert measured == {(0, "a"): (1, 10.0), (2_000, "a"): (1, 30.0)}


@pytest.mark.parametrize("number", [1, 2, 3, 64, 4_096])
def test_parts_hold_every_unit_once(number: int) -> None:
    """From the lowest to the highest, one behind the other."""
    parts = aggregates.split(number)
    assert len(parts) == number
    assert (parts[0].low, parts[-1].high) == (-(2**63), 2**63 - 1)
    assert all(one.high + 1 == other.low for one, other in pairwise(parts))


async def test_large_campaigns_have_many_parts(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as keep each small, and one where there is little; the sums of all are the sums of one."""
    random = Random(2)
    await count(database, *(counted(number, unit=random.getrandbits(64) - 2**63) for number in range(640)))
    assert await database.read(lambda connection: aggregates.parts(connection, draft())) == (ALL,)
    monkeypatch.setattr(aggregates, "PART_ROWS", 50)
    parts = await database.read(lambda connection: aggregates.parts(connection, draft()))
    assert 5 <= len(parts) <= 40
    found = [await database.read(functools.partial(_requests, part)) for part in parts]
    assert sum(found) == 640


def _requests(part: Part, connection: Connection) -> int:
    return aggregates.measures(connection, draft(), ["prompt_tokens"], part)["prompt_tokens"]["a"].n
