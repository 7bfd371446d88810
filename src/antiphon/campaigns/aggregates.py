"""What a campaign has counted, summed in the database: units per variant, the sums of their means and squares.

Each unit of assignment counts once, with the mean of its values: those of one user are alike, so counting each request
would make a few busy users look like many. Large campaigns are summed part by part, so that no statement takes long and
others come in between. Plain functions over a connection, called within a work.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from msgspec import Struct

from antiphon.campaigns.model import Campaign, Measure, Weighting
from antiphon.db import Connection, Row, Value
from antiphon.verdict.arm import Arm
from antiphon.verdict.compare import Tally
from antiphon.verdict.ratio import Period

COLUMNS = (
    "answer_id, campaign_id, variant, unit, at_ms, latency_ms, ttft_ms, cost_micro_usdc, prompt_tokens,"
    " completion_tokens, failed, refused"
)
PLACES = ", ".join(f":{name}" for name in COLUMNS.split(", "))
# What a measure is of a request, by the column that holds it.
MEASURED: dict[Measure, str] = {
    "latency_ms": "latency_ms",
    "ttft_ms": "ttft_ms",
    "cost_micro_usdc": "cost_micro_usdc",
    "prompt_tokens": "prompt_tokens",
    "completion_tokens": "completion_tokens",
    "error_rate": "failed",
    "refusal_rate": "refused",
}
MINUTE_MS = 60_000

UNIT_MIN, UNITS = -(1 << 63), 1 << 64
REAL = "CAST({} AS DOUBLE PRECISION)"  # whole numbers are summed exactly by PostgreSQL, which takes its time
WITHIN = "unit BETWEEN :low AND :high"
SAMPLES = 64
PART_ROWS = 100_000  # a tenth of a second, where a statement may take one and a half
PARTS_MAX = 4_096

Arms = dict[str, Arm]
Units = dict[tuple[int, str], int]  # by minute and variant
Sums = dict[tuple[int, str], tuple[int, float]]  # how many values, and their sum, by time and variant


class Part(Struct, frozen=True):
    """Some of the units, from the lowest to the highest: what is summed of all parts is summed of all units."""

    low: int = UNIT_MIN
    high: int = UNIT_MIN + UNITS - 1


class Counted(Struct, frozen=True, kw_only=True):
    """A request that took part in a campaign; no times where nothing came, so that failures are not taken for speed."""

    campaign_id: str
    answer_id: str
    variant: str
    unit: int
    at_ms: int
    latency_ms: float | None = None
    ttft_ms: float | None = None
    cost_micro_usdc: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    failed: bool = False
    refused: bool = False


def count(connection: Connection, counted: Counted) -> None:
    """Count a request; one that is counted already stays as it is."""
    connection.run(
        f"INSERT INTO campaign_requests ({COLUMNS}) VALUES ({PLACES}) ON CONFLICT (answer_id) DO NOTHING",
        answer_id=counted.answer_id,
        campaign_id=counted.campaign_id,
        variant=counted.variant,
        unit=counted.unit,
        at_ms=counted.at_ms,
        latency_ms=counted.latency_ms,
        ttft_ms=counted.ttft_ms,
        cost_micro_usdc=counted.cost_micro_usdc,
        prompt_tokens=counted.prompt_tokens,
        completion_tokens=counted.completion_tokens,
        failed=int(counted.failed),
        refused=int(counted.refused),
    )


def parts(connection: Connection, campaign: Campaign) -> tuple[Part, ...]:
    """Parts of the campaign's units, so many that each has few enough rows, by how many a small part has."""
    (sample, *_) = split(SAMPLES)
    names, values = _variants(campaign)
    row = connection.one(
        "SELECT COUNT(*) FROM campaign_requests"
        f" WHERE campaign_id = :campaign_id AND variant IN ({names}) AND {WITHIN}",
        campaign_id=campaign.id,
        low=sample.low,
        high=sample.high,
        **values,
    )
    assert row is not None, "an aggregate has a row"
    return split(min(PARTS_MAX, 1 + SAMPLES * int(row[0]) // PART_ROWS))


def split(number: int) -> tuple[Part, ...]:
    """All units in so many parts: they are hashes, so parts of equal width have about as many of them."""
    edges = [UNIT_MIN + place * (UNITS // number) for place in range(number)] + [UNIT_MIN + UNITS]
    return tuple(Part(low, high - 1) for low, high in pairwise(edges))


def measures(connection: Connection, campaign: Campaign, wanted: Sequence[Measure], part: Part) -> dict[Measure, Arms]:
    """Of each measure that is wanted, the arm of each variant."""
    if not wanted:
        return {}
    means = ", ".join(f"AVG({REAL.format(MEASURED[one])}) AS {one}" for one in wanted)
    sql = (
        f"SELECT {', '.join(map(_sums, wanted))} FROM (SELECT {means} FROM campaign_requests"
        f" WHERE campaign_id = :campaign_id AND variant = :variant AND {WITHIN} GROUP BY unit) AS units"
    )
    return _by_measure(connection, sql, campaign, wanted, part)


def measures_of_requests(
    connection: Connection, campaign: Campaign, wanted: Sequence[Measure], part: Part
) -> dict[Measure, Arms]:
    """The same with each request for itself, as guardrails look at it: what breaks is a variant, whoever asks."""
    if not wanted:
        return {}
    sql = (
        f"SELECT {', '.join(_sums(MEASURED[one]) for one in wanted)} FROM campaign_requests"
        f" WHERE campaign_id = :campaign_id AND variant = :variant AND {WITHIN}"
    )
    return _by_measure(connection, sql, campaign, wanted, part)


def scores(connection: Connection, campaign: Campaign, metric_id: str, kind: str, part: Part) -> Arms:
    """The arm of each variant by what people said: `direct` of completions, or `outcome` of sessions."""
    arms = {}
    for variant in campaign.variants:
        row = connection.one(
            f"SELECT {_sums('value')} FROM (SELECT AVG(value) AS value FROM campaign_scores"
            " WHERE campaign_id = :campaign_id AND metric_id = :metric_id AND kind = :kind AND variant = :variant"
            f" AND {WITHIN} GROUP BY unit) AS units",
            campaign_id=campaign.id,
            metric_id=metric_id,
            kind=kind,
            variant=variant.key,
            low=part.low,
            high=part.high,
        )
        assert row is not None, "an aggregate has a row"
        arms[variant.key] = _arm(row)
    return arms


def preferences(
    connection: Connection, campaign_id: str, metric_id: str, variants: Sequence[str]
) -> dict[tuple[str, str], Tally]:
    """How often each of two variants was preferred to the other, for pairs in the order of `variants`."""
    rows = connection.all(
        "SELECT preferred, other, SUM(1 - tied), SUM(tied), SUM(tied_bad) FROM campaign_preferences"
        " WHERE campaign_id = :campaign_id AND metric_id = :metric_id GROUP BY preferred, other",
        campaign_id=campaign_id,
        metric_id=metric_id,
    )
    won = {(row[0], row[1]): (int(row[2]), int(row[3]), int(row[4])) for row in rows}
    nothing = (0, 0, 0)
    found = {}
    for first, second in combinations(variants, 2):
        if (first, second) in won or (second, first) in won:
            one, other = won.get((first, second), nothing), won.get((second, first), nothing)
            found[first, second] = Tally(one[0], other[0], one[1] + other[1], one[2] + other[2])
    return found


def units(connection: Connection, campaign: Campaign, part: Part) -> Units:
    """How many units each variant got; where weights have changed, by the minute in which each first came."""
    keys = [variant.key for variant in campaign.variants]
    names, values = _variants(campaign)
    within = f"campaign_id = :campaign_id AND variant IN ({names}) AND {WITHIN}"
    values |= {"campaign_id": campaign.id, "low": part.low, "high": part.high}
    if len(campaign.weightings) < 2:
        counted = (
            "SELECT variant, COUNT(*) FROM (SELECT variant, unit FROM campaign_requests"
            f" WHERE {within} GROUP BY variant, unit) AS units GROUP BY variant"
        )
        return {(0, row[0]): int(row[1]) for row in connection.all(counted, **values)}
    numbers = " ".join(f"WHEN :variant{number} THEN {number}" for number in range(len(keys)))
    first = (
        f"SELECT first / (16 * {MINUTE_MS}), first % 16, COUNT(*) FROM (SELECT MIN(at_ms * 16 + CASE variant {numbers}"
        f" END) AS first FROM campaign_requests WHERE {within} GROUP BY unit) AS units GROUP BY 1, 2"
    )
    return {(int(row[0]), keys[row[1]]): int(row[2]) for row in connection.all(first, **values)}


def periods(campaign: Campaign, found: Units) -> list[Period]:
    """The units that first came while each of the campaign's weightings held.

    Minutes within which weights changed belong to no period: what was expected then is not one number.
    """
    names = [variant.key for variant in campaign.variants]
    weightings = campaign.weightings or (Weighting(0, tuple(variant.weight for variant in campaign.variants)),)
    made = []
    for place, weighting in enumerate(weightings):
        begin = -(-weighting.from_ms // MINUTE_MS) if place else 0
        end = weightings[place + 1].from_ms // MINUTE_MS if place + 1 < len(weightings) else None
        within = dict.fromkeys(names, 0)
        for (minute, name), n in found.items():
            if begin <= minute and (end is None or minute < end):
                within[name] += n
        made.append(Period(dict(zip(names, weighting.weights, strict=True)), within))
    return made


def points(connection: Connection, campaign: Campaign, metric_id: str, kind: str, bucket_ms: int, part: Part) -> Sums:
    """What people said by stretches of time."""
    return _by_time(
        connection,
        "SELECT at_ms / :bucket_ms, COUNT(value), SUM(value) FROM campaign_scores WHERE campaign_id = :campaign_id"
        f" AND metric_id = :metric_id AND kind = :kind AND variant = :variant AND {WITHIN} GROUP BY 1",
        campaign,
        bucket_ms,
        part,
        metric_id=metric_id,
        kind=kind,
    )


def measure_points(connection: Connection, campaign: Campaign, measure: Measure, bucket_ms: int, part: Part) -> Sums:
    """A measure by stretches of time."""
    column = MEASURED[measure]
    return _by_time(
        connection,
        f"SELECT at_ms / :bucket_ms, COUNT({column}), SUM({column}) FROM campaign_requests"
        f" WHERE campaign_id = :campaign_id AND variant = :variant AND {WITHIN} AND {column} IS NOT NULL GROUP BY 1",
        campaign,
        bucket_ms,
        part,
    )


def _by_time(connection: Connection, sql: str, campaign: Campaign, bucket_ms: int, part: Part, **values: Value) -> Sums:
    found: Sums = {}
    values |= {"campaign_id": campaign.id, "bucket_ms": bucket_ms, "low": part.low, "high": part.high}
    for variant in campaign.variants:
        for bucket, n, total in connection.all(sql, variant=variant.key, **values):
            found[int(bucket) * bucket_ms, variant.key] = (int(n), float(total))
    return found


def _sums(column: str) -> str:
    value = REAL.format(column)
    return f"COUNT({column}), COALESCE(SUM({value}), 0), COALESCE(SUM({value} * {value}), 0)"


def _by_measure(
    connection: Connection, sql: str, campaign: Campaign, wanted: Sequence[Measure], part: Part
) -> dict[Measure, Arms]:
    found: dict[Measure, Arms] = {one: {} for one in wanted}
    for variant in campaign.variants:
        row = connection.one(sql, campaign_id=campaign.id, variant=variant.key, low=part.low, high=part.high)
        assert row is not None, "an aggregate has a row"
        for place, one in enumerate(wanted):
            found[one][variant.key] = _arm(row[3 * place : 3 * place + 3])
    return found


def _variants(campaign: Campaign) -> tuple[str, dict[str, Value]]:
    """Places and values for the keys of all variants."""
    values: dict[str, Value] = {f"variant{number}": one.key for number, one in enumerate(campaign.variants)}
    return ", ".join(f":{name}" for name in values), values


def _arm(row: Row) -> Arm:
    return Arm(int(row[0]), float(row[1]), float(row[2]))
